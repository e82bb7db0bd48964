package main

import (
	"context"
	"errors"
	"io"

	"github.com/meetbus/meetbus/config"
	"github.com/meetbus/meetbus/relay/route"
)

func checkServer(_ context.Context, _ io.Writer, _ connection, _ config.Config, _ *route.Table) error {
	return errors.New("not yet")
}
