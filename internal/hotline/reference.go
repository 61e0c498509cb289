package hotline

import (
	"crypto/rand"
	"fmt"
	"math/big"
)

// NewReference is what a person is given to name a request by. It is random, so
// that it tells neither how many there are nor when one came, and all digits,
// so that it reads the same over the phone in every language and alphabet. It
// opens nothing.
func NewReference() string {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("%04d-%04d", n.Int64()/10_000, n.Int64()%10_000)
}
