package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/normalize"
)

// newRegisterSettings returns the command for VideoSDK, which keeps no URL for all rooms: it prints the settings to make.
func newRegisterSettings(p normalize.Provider) *cobra.Command {
	var url, output string
	var events []string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   p.Name + " --url URL",
		Short: "Print the settings that make " + p.Name + " send its webhooks to a URL",
		Long: "Print the settings that make " + p.Name + " send its webhooks to a URL. It has no API that registers one for all rooms: each\n" +
			"room, call or session names its own. Nothing is sent.",
		Example: "  meetbus register " + p.Name + " --url https://hooks.example.com/webhooks/" + p.Name + "/k3Wq9zR7tLx2VbN8mC4p\n" +
			"  meetbus register " + p.Name + " --url https://hooks.example.com/hooks/k3Wq9zR7tLx2VbN8mC4p --event 'participant-*'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usagef("%s has no registrations of rooms to %s: --url alone prints the settings to make", p.Name, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output, "text"); err != nil {
				return err
			}
			u, err := endpointURL(p, url)
			if err != nil {
				return err
			}
			chosen, err := subscription(p, events)
			if err != nil {
				return err
			}
			all := settings(u.String(), chosen)
			if output == "json" {
				return writeIndented(cmd.OutOrStdout(), all)
			}
			return writeSettings(cmd.OutOrStdout(), p, u.Path, all)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&url, "url", "", "public `URL` of the relay's endpoint; without a path it gets /webhooks/"+p.Name)
	flags.StringSliceVar(&events, "event", nil, "`event` to get: the provider's name, our type, or a glob of them; can be repeated (default all)")
	flags.BoolVar(&dryRun, "dry-run", false, "the same: nothing is ever sent")
	flags.StringVarP(&output, "output", "o", "text", "`form` of what is printed: text or json")
	completeRegister(cmd, p)
	_ = cmd.RegisterFlagCompletionFunc("output", completeWords("text", "json"))
	return cmd
}

// placement is one of the places where VideoSDK is told a URL.
type placement struct {
	// For says what comes because of it.
	For string `json:"for"`
	// Where is the request that it is part of, or that it is.
	Where string         `json:"where"`
	Body  map[string]any `json:"body"`
}

// settings returns where to say url, so that events come, as the API reference and the types of VideoSDK's own SDK have it.
func settings(url string, events []string) []placement {
	of := func(prefixes ...string) []string {
		var some []string
		for _, e := range events {
			for _, p := range prefixes {
				if strings.HasPrefix(e, p) && e != "call-summary" {
					some = append(some, e)
					break
				}
			}
		}
		return some
	}
	var all []placement
	add := func(events []string, s placement) {
		if len(events) > 0 {
			all = append(all, s)
		}
	}
	rooms := of("session-", "participant-", "recording-", "livestream-", "hls-")
	add(rooms, placement{"what happens in a room", "POST https://api.videosdk.live/v2/rooms",
		map[string]any{"webhook": map[string]any{"endPoint": url, "events": rooms}}})
	add(of("merge-recording-", "transcription-", "resource-"),
		placement{"merged recordings, transcriptions, acquired resources", "the POST that starts it or acquires it",
			map[string]any{"webhookUrl": url}})
	calls := of("call-", "switch-room-")
	add(calls, placement{"SIP calls, once for the account", "POST https://api.videosdk.live/v2/sip/webhooks",
		map[string]any{"url": url, "events": calls}})
	batches := of("batchcall-")
	add(batches, placement{"batches of calls", "the POST that starts the batch",
		map[string]any{"webhook": map[string]any{"endpoint": url, "events": batches}}})
	agents := of("agent-session-", "ai-deployment-session-")
	add(agents, placement{"sessions of agents", "the POST that starts or deploys the agent",
		map[string]any{"webhook": map[string]any{"endPoint": url, "events": agents}}})
	return all
}

func writeSettings(w io.Writer, p normalize.Provider, path string, all []placement) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s has no API that registers a URL for all rooms. Settings to make, in the body of the request:\n", p.Name)
	for _, s := range all {
		body, err := request{body: s.Body}.json()
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "\n%s: %s\n  %s\n", s.For, s.Where, body)
	}
	fmt.Fprintf(&text, "\nThis is what the public documentation says, and was not tried against the live service. A call that takes webhookUrl\n"+
		"may name it beside the room's webhook: then the same event can come twice.\n"+
		"\nin the relay's configuration:\n  - { name: %s, provider: %[1]s, path: %s }\n", p.Name, quoted(path))
	if !guarded(path) {
		fmt.Fprintf(&text, "What %s signed for any other customer is taken, too: its webhooks name no organization, and have no id of a\n"+
			"registration. Give the path a segment of 20 random characters or more.\n", p.Name)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
