package app

import (
	"strings"
	"testing"

	"vistka/internal/mailer"
	"vistka/internal/mailer/smtptest"
)

func TestDiagnoseRelay(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		offers smtptest.Options
		relay  mailer.RelayConfig
		grade  string
		words  string
	}{
		{"no log-in on this machine", smtptest.Options{}, mailer.RelayConfig{TLS: mailer.TLSNone}, Good, "No log-in is set, as is usual"},
		{"a log-in", smtptest.Options{User: "u", Password: "p", AuthInClear: true}, mailer.RelayConfig{TLS: mailer.TLSNone, User: "u", Password: "p"}, Good, "connection and log-in"},
		{"a wrong password", smtptest.Options{User: "u", Password: "p", AuthInClear: true}, mailer.RelayConfig{TLS: mailer.TLSNone, User: "u", Password: "x"}, Bad, "refuses us: 535 "},
		{"no STARTTLS", smtptest.Options{}, mailer.RelayConfig{TLS: mailer.TLSStartTLS}, Bad, "takes no connection of ours: it offers no STARTTLS"},
		{"no TLS", smtptest.Options{}, mailer.RelayConfig{TLS: mailer.TLSImplicit}, Bad, "takes no connection of ours: it does not begin with TLS"},
		{"a certificate of nobody's", smtptest.Options{StartTLS: true}, mailer.RelayConfig{TLS: mailer.TLSStartTLS}, Bad, "takes no connection of ours: x509: "},
	} {
		s, err := smtptest.Start(row.offers)
		if err != nil {
			t.Fatal(err)
		}
		row.relay.Host, row.relay.Port = "127.0.0.1", s.Port()
		f := diagnoseRelay(t.Context(), row.relay)
		if f.Grade != row.grade || !strings.Contains(f.Words, row.words) || (f.Fix == "") != (f.Grade == Good) {
			t.Errorf("%s: %+v", row.name, f)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
