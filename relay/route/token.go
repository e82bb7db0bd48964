package route

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	// tokenMax is the length of the longest token, in bytes.
	tokenMax = 64
	// tokenHash is the length of the hash that ends a token which was cut, in hex digits.
	tokenHash = 16
)

// Token returns s as exactly one token of a subject: of A-Z, a-z, 0-9, _ and - only, at most 64 bytes. Every other character
// becomes _; a longer text is cut, and ends in a hash of the whole; an empty one is _.
func Token(s string) string {
	if s == "" {
		return "_"
	}
	if len(s) > tokenMax {
		sum := sha256.Sum256([]byte(s))
		head := strings.ToValidUTF8(s[:tokenMax-tokenHash-1], "")
		return strings.Map(allowed, head) + "-" + hex.EncodeToString(sum[:])[:tokenHash]
	}
	return strings.Map(allowed, s)
}

func allowed(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
		return r
	}
	return '_'
}
