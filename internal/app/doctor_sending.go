package app

import (
	"context"
	"strings"

	"vistka/internal/guard"
	"vistka/internal/postgres"
)

// diagnoseSending tells how the switch stands and what the clone guard cannot see here.
func (a *App) diagnoseSending(ctx context.Context) []Finding {
	s, err := guard.Read(ctx, a.Pool)
	if err != nil {
		return []Finding{{"sending", Bad, err.Error(), "run vistka migrate"}}
	}
	out := []Finding{{About: "sending", Grade: Good, Words: "mail goes out"}}
	switch s.State {
	case guard.Stopped:
		words := "all sending is stopped"
		if s.Reason != "" {
			words += ": " + s.Reason
		}
		out[0] = Finding{"sending", Warn, words, "vistka sending start"}
	case guard.Locked:
		out[0] = Finding{"sending", Bad, "is locked: " + a.Catalog.For("en").T("admin.sending.cause."+string(s.Cause)), "vistka sending shows what would go out and how to unlock it"}
	}
	return append(out, a.diagnoseGuard(ctx))
}

func (a *App) diagnoseGuard(ctx context.Context) Finding {
	const about = "clone guard"
	system, err := postgres.SystemIdentifier(ctx, a.Pool)
	if err != nil {
		return Finding{about, Bad, err.Error(), ""}
	}
	timeline, err := postgres.Timeline(ctx, a.Pool)
	if err != nil {
		return Finding{about, Bad, err.Error(), ""}
	}
	var blind, fix []string
	if system == "" {
		blind = append(blind, "the database's files on another server (pg_control_system() is refused)")
		fix = append(fix, "GRANT EXECUTE ON FUNCTION pg_control_system() TO our role, where the server lets you")
	}
	if timeline == 0 {
		blind = append(blind, "that a replica took over (pg_current_wal_lsn() is refused): what it lost locks sending")
		fix = append(fix, "GRANT EXECUTE ON FUNCTION pg_current_wal_lsn() TO our role")
	}
	if a.Guard.Machine == "" {
		blind = append(blind, "the data directory on another machine (no /etc/machine-id)")
		fix = append(fix, "mount the machine's /etc/machine-id into the container, read-only")
	}
	if len(blind) == 0 {
		return Finding{About: about, Grade: Good, Words: "can tell a copy from the original"}
	}
	return Finding{about, Warn, "cannot notice here " + strings.Join(blind, "; nor "), strings.Join(fix, "; ")}
}
