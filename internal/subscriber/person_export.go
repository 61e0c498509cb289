package subscriber

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/locale"
)

// personFile is everything stored about an address, in the order in which a person
// reads it. Each part has a sentence in ReadMe under the same name.
type personFile struct {
	ReadMe            map[string]string `json:"read_me"`
	Address           json.RawMessage   `json:"address"`
	Subscriber        json.RawMessage   `json:"subscriber"`
	Subscriptions     json.RawMessage   `json:"subscriptions"`
	Signups           json.RawMessage   `json:"signups"`
	Consent           json.RawMessage   `json:"consent"`
	MailsWithArticles json.RawMessage   `json:"mails_with_articles"`
	OtherMails        json.RawMessage   `json:"other_mails"`
	ArticlesOwed      json.RawMessage   `json:"articles_owed"`
	AddressChanges    json.RawMessage   `json:"address_changes"`
	MailLimits        json.RawMessage   `json:"mail_limits"`
	Suppression       json.RawMessage   `json:"suppression"`
	Account           json.RawMessage   `json:"account"`
}

// ExportPerson returns, as indented JSON, everything stored about an address
// (rule C16; GDPR article 15): the person, sign-ups, subscriptions, what
// is still owed, consent, mails and refusals, changes of address, suppression, the
// account in the admin pages; what each part holds is said in l. An address that
// nothing is stored about gives empty lists.
func (s *Service) ExportPerson(ctx context.Context, a emailaddr.Address, l *locale.Locale) ([]byte, error) {
	var raw map[string]json.RawMessage
	err := s.DB.QueryRow(ctx, exportPerson, pgx.StrictNamedArgs{
		"address": a.String(), "key": a.Key(), "hash": s.hash(a), "limit": s.limitHash(a), "foreign": ForeignWording,
	}).Scan(&raw)
	if err != nil {
		return nil, fmt.Errorf("export person: %w", err)
	}
	file := personFile{
		ReadMe:  map[string]string{},
		Address: raw["address"], Subscriber: raw["subscriber"], Subscriptions: raw["subscriptions"], Signups: raw["signups"], Consent: raw["consent"],
		MailsWithArticles: raw["mails_with_articles"], OtherMails: raw["other_mails"], ArticlesOwed: raw["articles_owed"],
		AddressChanges: raw["address_changes"], MailLimits: raw["mail_limits"], Suppression: raw["suppression"], Account: raw["account"],
	}
	for part := range raw {
		file.ReadMe[part] = l.T("download." + part)
	}
	out, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("export person: %w", err)
	}
	return append(out, '\n'), nil
}
