package embedded

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// Two accounts. In RELAY are the streams, and the relay is its only user. In GUEST is everybody else, with a name or without:
// what guests may hear is imported from RELAY, and what they may ask reaches the porter only. The porter puts it to RELAY, by
// imports that start with its own prefix and that guests cannot publish to.
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
	// bare says that it goes on without its body, which could ask for the state of every subject.
	bare bool
	// single says that it must not ask for the last message of many subjects at once.
	single bool
}

// requests are all that a guest may publish: reading the streams, and consumers on them. To delete a consumer, or to reset it, is no more
// than its next messages and their acknowledgements are, which nobody could work without; and nobody else can tidy up after guests.
func requests(streams []string) []request {
	all := []request{
		{subject: "$JS.API.INFO"},
		{subject: "$JS.API.STREAM.NAMES"},
		{subject: "$JS.API.STREAM.LIST"},
	}
	for _, stream := range streams {
		all = append(all, requestsOf(stream)...)
	}
	return all
}

func requestsOf(stream string) []request {
	return []request{
		{subject: "$JS.API.STREAM.INFO." + stream, bare: true},
		{subject: "$JS.API.STREAM.MSG.GET." + stream},
		{subject: "$JS.API.DIRECT.GET." + stream, answers: server.Streamed, single: true},
		{subject: "$JS.API.DIRECT.GET." + stream + ".>", answers: server.Streamed},
		{subject: "$JS.API.CONSUMER.CREATE." + stream, creates: true},
		{subject: "$JS.API.CONSUMER.CREATE." + stream + ".>", creates: true},
		{subject: "$JS.API.CONSUMER.DURABLE.CREATE." + stream + ".*", creates: true},
		{subject: "$JS.API.CONSUMER.NAMES." + stream},
		{subject: "$JS.API.CONSUMER.LIST." + stream},
		{subject: "$JS.API.CONSUMER.INFO." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.DELETE." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.RESET." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.UNPIN." + stream + ".*"},
		{subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*", answers: server.Streamed},
		{subject: "$JS.ACK." + stream + ".>", answers: server.Streamed},
		{subject: "$JS.FC." + stream + ".>"},
	}
}

// readable are the streams that guests may read.
func (o Options) readable() []string {
	if o.Replays == "" {
		return []string{o.Stream}
	}
	return []string{o.Stream, o.Replays}
}

// addAccounts writes accounts and users into the server's options.
func addAccounts(options *server.Options, o Options, relayPassword, porterPassword string) error {
	relay, guest := server.NewAccount(relayAccount), server.NewAccount(guestAccount)
	if err := share(relay, guest, requests(o.readable()), o.Subjects); err != nil {
		return err
	}
	options.Accounts = []*server.Account{relay, guest}
	users := []server.User{
		{Username: relayUser, Password: relayPassword, Account: relay},
		{Username: porterUser, Password: porterPassword, Account: guest},
	}
	permissions := guestPermissions(o.readable())
	if o.Guests.User == "" {
		return errors.Join(addUsers(options, users), addAnybody(options, guest, permissions))
	}
	named := server.User{Username: o.Guests.User, Password: o.Guests.Password, Account: guest, Permissions: permissions}
	return addUsers(options, append(users, named))
}

// addUsers keeps a hash of each password, the cheapest: it never leaves the process, and the server computes one whenever
// somebody guesses.
func addUsers(o *server.Options, users []server.User) error {
	for _, user := range users {
		hash, err := bcrypt.GenerateFromPassword([]byte(user.Password), bcrypt.MinCost)
		if err != nil {
			return fmt.Errorf("hash a password: %w", err)
		}
		user.Password = string(hash)
		o.Users = append(o.Users, &user)
	}
	return nil
}

// addAnybody makes whoever gives no credentials a guest. The name is a key because a user would need a password.
func addAnybody(o *server.Options, account *server.Account, permissions *server.Permissions) error {
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

func guestPermissions(streams []string) *server.Permissions {
	var allowed []string
	for _, r := range requests(streams) {
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
	if err := letHear(relay, guest, append([]string{inboxes + ">"}, subjects...)); err != nil {
		return err
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

// letHear lets guests hear subjects, with subscriptions that they make from now on.
func letHear(relay, guest *server.Account, subjects []string) error {
	for _, subject := range subjects {
		if err := relay.AddStreamExport(subject, []*server.Account{guest}); err != nil {
			return err
		}
		if err := guest.AddStreamImport(relay, subject, ""); err != nil {
			return err
		}
	}
	return nil
}
