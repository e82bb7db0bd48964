package config

import (
	"bytes"
	"slices"
	"strconv"
)

// passwordMax is the longest password, in bytes, that bcrypt makes a hash of.
const passwordMax = 72

// ownUsers are the names by which the embedded server knows the relay itself.
var ownUsers = []string{"relay", "porter"}

func (k *checker) embedded(e Embedded) {
	const path = "nats.embedded"
	k.listen(e.Listen, path+".listen")
	guarded := e.TLS != nil && (e.User != "" || e.PasswordFile != "")
	k.expect(guarded || !beyondLoopback(e.Listen), path+".listen", "is beyond loopback, and needs user, password_file and tls beside it")
	k.expect(e.Sync >= 0, path+".sync", errSync.Error())
	k.expect(!slices.Contains(ownUsers, e.User), path+".user", "is a name of the server's own; relay and porter are taken")
	k.expect(e.User == "" || e.PasswordFile != "", path+".user", "needs "+path+".password_file")
	k.expect(e.User != "" || e.PasswordFile == "", path+".password_file", "needs "+path+".user")
	k.password(e.PasswordFile, path+".password_file")
	k.keyPair(e.TLS, path+".tls")
}

// password wants a file with a password that the embedded server can keep, if one is named.
func (k *checker) password(name, path string) {
	if name == "" {
		return
	}
	if content, ok := k.file(name, path); ok {
		k.expect(len(bytes.TrimSpace(content)) <= passwordMax, path,
			"the file holds more than "+strconv.Itoa(passwordMax)+" bytes, the most that a password may have")
	}
}
