package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
)

// Seal encrypts payload for one purpose (AES-256-GCM, a random nonce first),
// in URL-safe base64. It is for what a page hands back to us and must not
// tell: the same payload never looks the same.
func (k *Keys) Seal(p Purpose, payload []byte) string {
	g := k.gcm(0, p)
	nonce := make([]byte, g.NonceSize(), g.NonceSize()+len(payload)+g.Overhead())
	rand.Read(nonce)
	return encoding.EncodeToString(g.Seal(nonce, nonce, payload, []byte(p)))
}

// Open returns the payload that Seal closed for p under any configured
// secret. Returns ErrInvalid otherwise.
func (k *Keys) Open(p Purpose, sealed string) ([]byte, error) {
	raw, err := encoding.DecodeString(sealed)
	if err != nil {
		return nil, ErrInvalid
	}
	for i := range k.secrets {
		g := k.gcm(i, p)
		if len(raw) < g.NonceSize() {
			break
		}
		if payload, err := g.Open(nil, raw[:g.NonceSize()], raw[g.NonceSize():], []byte(p)); err == nil {
			return payload, nil
		}
	}
	return nil, ErrInvalid
}

// gcm is AES-256-GCM under the subkey of secret i for sealing for p. It is kept:
// deriving a key costs more than sealing does.
func (k *Keys) gcm(i int, p Purpose) cipher.AEAD {
	if g, ok := k.seals[i].Load(p); ok {
		return g.(cipher.AEAD)
	}
	g, _ := k.seals[i].LoadOrStore(p, gcmOf(subkey(k.secrets[i], "seal "+string(p))))
	return g.(cipher.AEAD)
}

func gcmOf(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the subkey has 32 octets
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return g
}
