package delivery

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Key names one delivery, or one notice when Notice is not 0.
type Key struct {
	Notice     int64
	Month      time.Time
	Edition    int64
	Subscriber int64
}

// String names the message in logs, without its address.
func (k Key) String() string {
	if k.Notice != 0 {
		return fmt.Sprintf("notice %d", k.Notice)
	}
	return fmt.Sprintf("%d/%d", k.Edition, k.Subscriber)
}

// Ref writes the key for forms and command lines, as
// notice.month.edition.subscriber. ParseKey reads it.
func (k Key) Ref() string {
	return strings.Join([]string{
		strconv.FormatInt(k.Notice, 10), k.Month.Format(time.DateOnly), strconv.FormatInt(k.Edition, 10), strconv.FormatInt(k.Subscriber, 10),
	}, ".")
}

// ParseKey reads what Ref wrote. Returns an error if it is anything else.
func ParseKey(ref string) (k Key, err error) {
	parts := strings.Split(ref, ".")
	if len(parts) != 4 {
		return k, errors.New("unreadable reference")
	}
	if k.Month, err = time.Parse(time.DateOnly, parts[1]); err != nil {
		return k, err
	}
	if k.Notice, err = strconv.ParseInt(parts[0], 10, 64); err != nil {
		return k, err
	}
	if k.Edition, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
		return k, err
	}
	k.Subscriber, err = strconv.ParseInt(parts[3], 10, 64)
	return k, err
}
