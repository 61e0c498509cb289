package app

import (
	"context"
	"fmt"
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
	return append(out, append(a.diagnoseNotices(ctx, s.State), a.diagnoseGuard(ctx))...)
}

// diagnoseNotices tells of the mails to one person, a confirmation above all,
// which somebody waits for: those that failed, and those that do not go.
func (a *App) diagnoseNotices(ctx context.Context, sending guard.State) []Finding {
	const about = "mails to one person"
	kinds, err := a.Deliveries.NoticeHealths(ctx)
	if err != nil {
		return []Finding{{about, Bad, err.Error(), "run vistka migrate"}}
	}
	var failed, late []string
	said := ""
	for _, k := range kinds {
		name := a.Catalog.For("en").T("admin.sending.notice." + string(k.Kind))
		if k.Failed > 0 {
			failed = append(failed, fmt.Sprintf("%s: %d", name, k.Failed))
		}
		if k.Late > 0 {
			late = append(late, fmt.Sprintf("%s: %d", name, k.Late))
		}
		if k.Replied != "" {
			said += fmt.Sprintf(". Of %s the relay said last: %s", lowerFirst(name), k.Replied)
		}
	}
	var out []Finding
	if failed != nil {
		out = append(out, Finding{
			about, Warn, "failed in the last seven days: " + strings.Join(failed, ", ") + said,
			a.Config.BaseURL + "/admin/deliveries#failed lists them. An address that does not exist is nothing to mend; a refused sender is",
		})
		said = ""
	}
	if late != nil {
		f := Finding{about, Bad, "have not gone for a quarter of an hour or longer: " + strings.Join(late, ", ") + said, "is a process with the role sender running? vistka relay list says how the relays are"}
		if sending != guard.On {
			f.Grade, f.Fix = Warn, "they wait until sending goes on, see above"
		}
		out = append(out, f)
	}
	if out == nil {
		return []Finding{{About: about, Grade: Good, Words: "none failed in the last seven days, and none is late"}}
	}
	return out
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

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
