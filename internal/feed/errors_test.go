package feed

import (
	"errors"
	"net/url"
	"testing"
)

// An address may hold a key, and errors end in logs.
func TestErrorLeavesOutWhatMayBeAKey(t *testing.T) {
	t.Parallel()
	const address = "https://desk:hidden@example.org/feed?key=hidden"
	for _, row := range []struct {
		err  Error
		want string
	}{
		{Error{Kind: KindStatus, URL: address, Status: 403}, "feed https://example.org/feed: status 403"},
		{Error{Kind: KindConnect, URL: address, Err: &url.Error{Op: "Get", URL: address, Err: errors.New("reset")}}, "feed https://example.org/feed: connect: reset"},
		{Error{Kind: KindAddress, URL: "http://%zz?key=hidden"}, "feed of an address that cannot be read: address"},
	} {
		if got := row.err.Error(); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}
