package embedded

import (
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// Two accounts. In RELAY are the streams, and the relay is its only user. In GUEST is everybody else: what guests may hear is
// imported from RELAY, and what they may ask reaches the porter only. The porter puts it to RELAY, by imports that start with
// its own prefix and that guests cannot publish to.
const (
	relayAccount = "RELAY"
	guestAccount = "GUEST"

	relayUser  = "relay"
	porterUser = "porter"
)

const (
	// inboxes is where clients expect answers, and the only place where guests may have anything sent.
	inboxes = "_INBOX."
	// asked precedes the subject of a request that the porter has let pass.
	asked = "_PORTER."
	// nowhere is a service that nobody serves.
	nowhere = "_NOWHERE"
)

// request is something that a guest may ask for.
type request struct {
	subject string
	// answers says whether one answer comes, or many.
	answers server.ServiceRespType
	// creates says that it carries the configuration of a consumer, and in it a subject to deliver to.
	creates bool
}

// requests are all that a guest may publish: reading the main stream, and consumers on it.
func requests(stream string) []request {
	return []request{
		{subject: "$JS.API.INFO"},
		{subject: "$JS.API.STREAM.NAMES"},
		{subject: "$JS.API.STREAM.LIST"},
		{subject: "$JS.API.STREAM.INFO." + stream},
		{subject: "$JS.API.STREAM.MSG.GET." + stream},
		{subject: "$JS.API.DIRECT.GET." + stream, answers: server.Streamed},
		{subject: "$JS.API.DIRECT.GET." + stream + ".>", answers: server.Streamed},
		{subject: "$JS.API.CONSUMER.CREATE." + stream, creates: true},
		{subject: "$JS.API.CONSUMER.CREATE." + stream + ".>", creates: true},
		{subject: "$JS.API.CONSUMER.DURABLE.CREATE." + stream + ".*", creates: true},
		{subject: "$JS.API.CONSUMER.NAMES." + stream},
		{subject: "$JS.API.CONSUMER.LIST." + stream},
		{subject: "$JS.API.CONSUMER.INFO." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.DELETE." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.PAUSE." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.RESET." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.UNPIN." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*", answers: server.Streamed},
		{subject: "$JS.ACK." + stream + ".>", answers: server.Streamed},
		{subject: "$JS.FC." + stream + ".>"},
	}
}

// addAccounts writes accounts and users into the server's options.
func addAccounts(o *server.Options, stream string, subjects []string, relayPassword, porterPassword string) error {
	relay, guest := server.NewAccount(relayAccount), server.NewAccount(guestAccount)
	if err := share(relay, guest, requests(stream), subjects); err != nil {
		return err
	}
	o.Accounts = []*server.Account{relay, guest}
	for _, user := range []server.User{
		{Username: relayUser, Password: relayPassword, Account: relay},
		{Username: porterUser, Password: porterPassword, Account: guest},
	} {
		// The passwords are random, so the cheapest hash will do; without one, the server warns about them.
		hash, err := bcrypt.GenerateFromPassword([]byte(user.Password), bcrypt.MinCost)
		if err != nil {
			return err
		}
		user.Password = string(hash)
		o.Users = append(o.Users, &user)
	}
	return addGuest(o, guest, guestPermissions(stream))
}

// addGuest makes whoever gives no credentials a guest. The name is a key because a user would need a password.
func addGuest(o *server.Options, account *server.Account, permissions *server.Permissions) error {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return err
	}
	key, err := pair.PublicKey()
	if err != nil {
		return err
	}
	o.NoAuthUser = key
	o.Nkeys = []*server.NkeyUser{{Nkey: key, Account: account, Permissions: permissions}}
	return nil
}

func guestPermissions(stream string) *server.Permissions {
	var allowed []string
	for _, r := range requests(stream) {
		allowed = append(allowed, r.subject)
	}
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: allowed},
		Subscribe: &server.SubjectPermission{Deny: []string{"$JS.>", "$SYS.>", asked + ">"}},
	}
}

// share lets guests hear the subjects, and whatever is delivered to an inbox, and lets the porter ask.
func share(relay, guest *server.Account, requests []request, subjects []string) error {
	only := []*server.Account{guest}
	for _, subject := range append([]string{inboxes + ">"}, subjects...) {
		if err := relay.AddStreamExport(subject, only); err != nil {
			return err
		}
		if err := guest.AddStreamImport(relay, subject, ""); err != nil {
			return err
		}
	}
	for _, r := range requests {
		if err := relay.AddServiceExportWithResponse(r.subject, r.answers, only); err != nil {
			return err
		}
		if err := guest.AddServiceImport(relay, asked+r.subject, r.subject); err != nil {
			return err
		}
	}
	// The server itself would answer GUEST's requests, with "JetStream not enabled for account", if GUEST did not import
	// $JS.API.INFO. This import leads nowhere; the porter hears the request.
	if err := relay.AddServiceExport(nowhere, only); err != nil {
		return err
	}
	return guest.AddServiceImport(relay, server.JSApiAccountInfo, nowhere)
}
