package inbox

import (
	"context"
	"net"
	"testing"
)

// A process that ends while it starts may stop the inbox before it serves.
func TestServeThatIsStoppedAtOnce(t *testing.T) {
	b, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3000 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Serve(ctx, ln); err != nil {
			t.Fatal(err)
		}
	}
}
