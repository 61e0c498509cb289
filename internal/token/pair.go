package token

import "encoding/binary"

const pairSize = 4 + 8 // octets

// Pair is the payload of links that name two rows: newsletter and subscriber
// in long-lived ones, generation and sign-up in a confirmation. 12 octets, so
// that a signed link has 38 characters.
func Pair(a uint32, b uint64) []byte {
	out := make([]byte, 0, pairSize)
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(out, a), b)
}

// SplitPair takes apart what Pair made. Returns ErrInvalid for another length.
func SplitPair(payload []byte) (a uint32, b uint64, err error) {
	if len(payload) != pairSize {
		return 0, 0, ErrInvalid
	}
	return binary.BigEndian.Uint32(payload), binary.BigEndian.Uint64(payload[4:]), nil
}
