package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// twoKeys are real ones, made once for all tests of documents.
var twoKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func spki(key any) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return block("PUBLIC KEY", der)
}

func pkcs1(key *rsa.PublicKey) string {
	return block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(key))
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func quoted(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// documentForms are all ways to write a document of one PEM text, by what sets them apart.
var documentForms = map[string]func(text string) string{
	"bare":      func(text string) string { return text },
	"top level": func(text string) string { return `{"publicKey":` + quoted(text) + `}` },
	"in data": func(text string) string {
		return `{"success":true,"data":{"publicKey":` + quoted(text) + `},"message":""}`
	},
	"list":         func(text string) string { return `{"publicKeys":[` + quoted(text) + `]}` },
	"list in data": func(text string) string { return `{"data":{"publicKeys":["",` + quoted(text) + `]}}` },
	"everywhere": func(text string) string {
		return `{"publicKey":` + quoted(text) + `,"data":{"publicKey":` + quoted(text) + `}}`
	},
	"leading newline":       func(text string) string { return `{"publicKey":` + quoted("\n"+text) + `}` },
	"bare, leading blanks":  func(text string) string { return " \t\r\n " + text },
	"trailing blanks":       func(text string) string { return strings.ReplaceAll(text, "\n", " \t\n") + "\n  \n" },
	"indented":              func(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") },
	"CRLF":                  func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") },
	"literal n":             func(text string) string { return strings.ReplaceAll(text, "\n", `\n`) },
	"literal r and n":       func(text string) string { return strings.ReplaceAll(text, "\n", `\r\n`) },
	"literal n in JSON":     func(text string) string { return `{"publicKey":` + quoted(strings.ReplaceAll(text, "\n", `\n`)) + `}` },
	"literal n and newline": func(text string) string { return strings.ReplaceAll(text, "\n", "\\n\n") },
	"blank lines in JSON":   func(text string) string { return "\n{\r\n \"publicKey\" : " + quoted(text) + " }\n\n" },
	"comment above":         func(text string) string { return "the provider's key, 2026\n" + text },
}

func TestParseFindsKeysInEveryForm(t *testing.T) {
	a, b := &twoKeys()[0].PublicKey, &twoKeys()[1].PublicKey
	texts := map[string]struct {
		text string
		want []*rsa.PublicKey
	}{
		"SPKI":           {spki(a), []*rsa.PublicKey{a}},
		"PKCS #1":        {pkcs1(a), []*rsa.PublicKey{a}},
		"both":           {spki(a) + pkcs1(b), []*rsa.PublicKey{a, b}},
		"the same twice": {spki(b) + pkcs1(b), []*rsa.PublicKey{b}},
		"1024 bits":      {spki(modulus(1024)), []*rsa.PublicKey{modulus(1024)}},
		"8192 bits":      {pkcs1(modulus(8192)), []*rsa.PublicKey{modulus(8192)}},
	}
	for form, write := range documentForms {
		for kind, test := range texts {
			t.Run(form+"/"+kind, func(t *testing.T) {
				got, err := Parse([]byte(write(test.text)))
				if err != nil {
					t.Fatal(err)
				}
				if !sameKeys(got, test.want) {
					t.Errorf("got %v, want %v", fingerprints(got), fingerprints(test.want))
				}
			})
		}
	}
}

func sameKeys(a, b []*rsa.PublicKey) bool {
	for i := range a {
		if len(b) != len(a) || !a[i].Equal(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

// modulus is a key that nobody has the private half of, of so many bits.
func modulus(bits uint) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits)
	return &rsa.PublicKey{N: n.Sub(n, big.NewInt(1)), E: 65537}
}

func TestParseRefuses(t *testing.T) {
	private := twoKeys()[0]
	good := spki(&private.PublicKey)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	even := modulus(2048)
	even.N.Sub(even.N, big.NewInt(1))
	var many strings.Builder
	for i := range uint(maxKeys + 1) {
		many.WriteString(pkcs1(modulus(minBits + i)))
	}
	// Every document that has room for one contains the marker, which no error may repeat.
	const marker = "s3cr3t"
	tests := map[string]struct{ document, reason string }{
		"empty":                 {"", "empty"},
		"blanks":                {" \r\n\t", "empty"},
		"not PEM":               {marker, "no PEM block"},
		"JSON without keys":     {`{"` + marker + `":1}`, "missing"},
		"empty strings":         {`{"publicKey":"","data":{"publicKey":" "}}`, "missing"},
		"null":                  {`{"publicKey":null,"data":null}`, "missing"},
		"broken JSON":           {`{"publicKey":` + marker, "neither PEM nor JSON"},
		"JSON and more":         {`{"publicKey":` + quoted(good) + `}` + marker, "neither PEM nor JSON"},
		"key is a number":       {`{"publicKey":5}`, "neither PEM nor JSON"},
		"list of numbers":       {`{"publicKeys":[5]}`, "neither PEM nor JSON"},
		"JSON array":            {`[` + quoted(good) + `]`, "cannot be decoded"},
		"private key, PKCS #8":  {block("PRIVATE KEY", pkcs8), "private key"},
		"private key, PKCS #1":  {block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private)), "private key"},
		"private beside public": {good + block("PRIVATE KEY", pkcs8), "private key"},
		"certificate":           {block("CERTIFICATE", []byte(marker)), "neither PUBLIC KEY nor"},
		"named by a secret":     {block(marker, []byte(marker)), "neither PUBLIC KEY nor"},
		"PKCS #1 called SPKI":   {block("PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)), "no readable public key"},
		"not DER":               {block("PUBLIC KEY", []byte(marker)), "no readable public key"},
		"EC":                    {spki(curve.Public()), "not an RSA key"},
		"Ed25519":               {spki(edwards), "not an RSA key"},
		"EC beside RSA":         {good + spki(curve.Public()), "not an RSA key"},
		"half a block":          {good[:len(good)/2], "cannot be decoded"},
		"half a block and one":  {good[:len(good)/2] + "\n" + good, "cannot be decoded"},
		"not base64":            {"-----BEGIN PUBLIC KEY-----\n" + marker + "!\n-----END PUBLIC KEY-----\n", "cannot be decoded"},
		"bad one in a list":     {`{"publicKeys":[` + quoted(good) + `,"` + marker + `"]}`, "no PEM block"},
		"1023 bits":             {spki(modulus(1023)), "1023 bits"},
		"8193 bits":             {spki(modulus(8193)), "8193 bits"},
		"even modulus":          {spki(even), "no signature can be checked"},
		"exponent 1":            {spki(&rsa.PublicKey{N: private.N, E: 1}), "no signature can be checked"},
		"exponent 4":            {pkcs1(&rsa.PublicKey{N: private.N, E: 4}), "no signature can be checked"},
		"too many keys":         {many.String(), "more than 32 keys"},
		"too large":             {good + strings.Repeat(" ", maxDocument), "more than 65536 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			keys, err := Parse([]byte(test.document))
			if err == nil || !strings.Contains(err.Error(), test.reason) {
				t.Fatalf("error %q, want one with %q", err, test.reason)
			}
			if keys != nil {
				t.Errorf("%d keys beside the error", len(keys))
			}
			if strings.Contains(err.Error(), marker) {
				t.Errorf("error quotes the document: %v", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	good := spki(&twoKeys()[0].PublicKey)
	tests := map[string]struct {
		content, reason string
	}{
		"good.pem":  {good, ""},
		"full.pem":  {good + strings.Repeat(" ", maxDocument-len(good)), ""},
		"large.pem": {good + strings.Repeat(" ", maxDocument-len(good)+1), "large.pem: reading key document: more than"},
		"empty.pem": {"", "empty.pem: reading key document: it is empty"},
	}
	for name, test := range tests {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := New(Source{Provider: "dyte", File: file}, Options{})
		if got := err == nil; got != (test.reason == "") {
			t.Errorf("%s: error %v, want %q", name, err, test.reason)
		}
		if err != nil && !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: error %v, want %q", name, err, test.reason)
		}
	}
}

// FuzzParse: a document gives keys or an error, never both or neither, and the keys survive being written in every form.
func FuzzParse(f *testing.F) {
	a, b := &twoKeys()[0].PublicKey, &twoKeys()[1].PublicKey
	for _, write := range documentForms {
		f.Add([]byte(write(spki(a))))
		f.Add([]byte(write(pkcs1(a) + spki(b))))
	}
	for _, seed := range []string{"", "{}", `{"data":[]}`, `{"publicKey":"-----BEGIN PUBLIC KEY-----"}`, spki(modulus(1023))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		before := bytes.Clone(document)
		keys, err := Parse(document)
		if !bytes.Equal(document, before) {
			t.Fatal("Parse changed its input")
		}
		if (err == nil) == (len(keys) == 0) {
			t.Fatalf("%d keys and error %v", len(keys), err)
		}
		for _, key := range keys {
			if bits := key.N.BitLen(); bits < minBits || bits > maxBits {
				t.Errorf("a key of %d bits", bits)
			}
			for form, write := range documentForms {
				for _, text := range []string{spki(key), pkcs1(key)} {
					again, err := Parse([]byte(write(text)))
					if err != nil || !sameKeys(again, []*rsa.PublicKey{key}) {
						t.Errorf("%s: written again, it parses to %v, %v", form, fingerprints(again), err)
					}
				}
			}
		}
	})
}
