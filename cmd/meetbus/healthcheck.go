package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/meetbus/meetbus/config"
)

// healthcheckPatience is shorter than the timeouts that containers' health checks usually have.
const healthcheckPatience = 2 * time.Second

func newHealthcheck() *cobra.Command {
	var file, admin string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Exit with 0 if the relay is ready",
		Long: "Ask the relay's admin listener for /readyz: exit status 0 if it answers 200 within 2 seconds, else 1 and why. For\n" +
			"the health checks of containers.",
		Example: `  meetbus healthcheck
  meetbus healthcheck --admin 127.0.0.1:8081`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := loadConfig(file)
			if err != nil {
				return err
			}
			c.Admin.Listen = cmp.Or(admin, c.Admin.Listen)
			return healthcheck(cmd.Context(), c.Admin)
		},
	}
	addConfig(cmd.Flags(), &file)
	cmd.Flags().StringVar(&admin, "admin", "", "`address` of the admin listener (default 127.0.0.1:8081, or the file's)")
	return cmd
}

// healthcheck returns nil if the relay that listens at a is ready, else why not.
func healthcheck(ctx context.Context, a config.Admin) error {
	address := fromHere(a.Listen)
	if _, _, err := net.SplitHostPort(address); err != nil {
		return usagef("admin address %q is not host:port", a.Listen)
	}
	ctx, cancel := context.WithTimeout(ctx, healthcheckPatience)
	defer cancel()
	client, scheme, err := adminClient(a.TLS)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/readyz", nil)
	if err != nil {
		return usagef("admin address %q is not host:port", a.Listen)
	}
	request.Host = "localhost" // we are on its machine, whatever address it listens at
	response, err := client.Do(request)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s has not answered within %s", request.URL, healthcheckPatience)
	}
	if err != nil {
		return fmt.Errorf("is the relay running, with its admin listener at %s? %w", address, withoutURL(err))
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return fmt.Errorf("not ready: %s", problemOf(response, body))
}

// adminClient trusts, where the admin listener has a certificate, exactly that one.
func adminClient(pair *config.KeyPair) (client *http.Client, scheme string, err error) {
	transport := &http.Transport{} // without a proxy: the relay is on this machine
	client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if pair == nil {
		return client, "http", nil
	}
	if transport.TLSClientConfig, err = trusting(pair.CertFile); err != nil {
		return nil, "", usagef("read admin.tls.cert_file: %w", err)
	}
	return client, "https", nil
}
