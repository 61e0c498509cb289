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
	g := gcm(k.secrets[0], "seal "+string(p))
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
	for _, s := range k.secrets {
		g := gcm(s, "seal "+string(p))
		if len(raw) < g.NonceSize() {
			break
		}
		if payload, err := g.Open(nil, raw[:g.NonceSize()], raw[g.NonceSize():], []byte(p)); err == nil {
			return payload, nil
		}
	}
	return nil, ErrInvalid
}

// gcm is AES-256-GCM under the secret's subkey for info.
func gcm(secret []byte, info string) cipher.AEAD {
	block, err := aes.NewCipher(subkey(secret, info))
	if err != nil {
		panic(err) // the subkey has 32 octets
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return g
}
