package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/token"
)

// LimitSpan is how long tries are counted together.
const LimitSpan = 15 * time.Minute

// How many failed log-ins fit into a LimitSpan. A browser that has logged in
// before counts apart, so that a stranger who guesses at an account from a
// thousand machines cannot keep its owner out.
const (
	perDevice         = 10
	perAccountNetwork = 10
	perNetwork        = 40
	perAccount        = 100
)

// device is the purpose of the token that a browser keeps after a log-in.
const device token.Purpose = "device"

type limit struct {
	key  string
	most int
}

// DeviceToken marks a browser as one that account id has logged in from. It
// opens nothing by itself: it only chooses which limit counts.
func (s *Service) DeviceToken(id int64) string {
	payload := binary.BigEndian.AppendUint64(nil, uint64(id))
	nonce := make([]byte, 8)
	rand.Read(nonce)
	return s.Keys.Sign(device, append(payload, nonce...))
}

// deviceOf names the device if tok was given to account id, else "".
func (s *Service) deviceOf(tok string, id int64) string {
	payload, err := s.Keys.Verify(device, tok)
	if err != nil || len(payload) != 16 || id == 0 || binary.BigEndian.Uint64(payload) != uint64(id) {
		return ""
	}
	return hex.EncodeToString(payload)
}

func (s *Service) loginLimits(addressKey string, ip netip.Addr, dev string) []limit {
	if dev != "" {
		return []limit{{"login:device:" + dev, perDevice}}
	}
	// A keyed hash: the table of limits must not become a list of addresses.
	who := base64.RawURLEncoding.EncodeToString(s.Hasher.Sum("login " + addressKey)[:12])
	limits := []limit{{"login:account:" + who, perAccount}}
	if ip.IsValid() {
		net := network(ip)
		limits = append(limits, limit{"login:network:" + net, perNetwork}, limit{"login:both:" + who + ":" + net, perAccountNetwork})
	}
	// One order for all, so that two log-ins cannot wait for each other's rows.
	slices.SortFunc(limits, func(a, b limit) int { return strings.Compare(a.key, b.key) })
	return limits
}

// network is the address for IPv4 and the /64 for IPv6: one customer has a whole /64.
func network(ip netip.Addr) string {
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// spend counts a try against each limit before the password is looked at, so
// that parallel guesses cannot slip through. Returns ErrTooMany.
func (s *Service) spend(ctx context.Context, limits []limit) error {
	over := false
	for _, l := range limits {
		var n int
		args := pgx.StrictNamedArgs{"key": l.key, "bucket": s.Clock.Now().Truncate(LimitSpan)}
		if err := s.DB.QueryRow(ctx, sqlSpend, args).Scan(&n); err != nil {
			return fmt.Errorf("count log-in: %w", err)
		}
		over = over || n > l.most
	}
	if over {
		return ErrTooMany
	}
	return nil
}

// refund takes a try back that turned out to be right.
func (s *Service) refund(ctx context.Context, limits []limit) error {
	keys := make([]string, len(limits))
	for i, l := range limits {
		keys[i] = l.key
	}
	args := pgx.StrictNamedArgs{"keys": keys, "bucket": s.Clock.Now().Truncate(LimitSpan)}
	if _, err := s.DB.Exec(ctx, sqlRefund, args); err != nil {
		return fmt.Errorf("take back a count: %w", err)
	}
	return nil
}
