package crashlab_test

import (
	"context"
	"errors"
	"testing"

	"vistka/internal/postgres/private"
)

// database is a Postgres that the nodes know by its address only, so that none
// of them starts it again when it goes.
type database struct {
	t      *testing.T
	dir    string
	server *private.Server
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{t: t, dir: dataDir(t)}
	d.start()
	t.Cleanup(func() {
		if err := d.server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *database) start() {
	d.t.Helper()
	var err error
	if d.server, err = private.Start(context.Background(), private.Options{DataDir: d.dir}); err != nil {
		d.t.Fatal(err)
	}
}

// crash stops the server immediately: every session is cut, nothing is written
// out, the next start recovers.
func (d *database) crash() {
	d.t.Helper()
	at, once := context.WithCancel(context.Background())
	once()
	if err := d.server.Stop(at); err != nil && !errors.Is(err, context.Canceled) {
		d.t.Fatal(err)
	}
}
