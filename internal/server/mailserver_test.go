package server_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"vistka/internal/server"
)

func TestBrokenResolverTurnsNobodyAway(t *testing.T) {
	t.Parallel()
	check := server.LookupMailServer(&net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network")
	}})
	if !check(t.Context(), "example.org") {
		t.Error("a reader was refused because our resolver is broken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if !check(ctx, "example.org") {
		t.Error("a reader was refused because time was up")
	}
}
