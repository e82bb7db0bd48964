package inspect

import (
	"bytes"

	"go.uber.org/zap"
)

// Rendered is the page of what is remembered.
func Rendered(r *Recent) string {
	i := New(Options{Recent: r, Ready: func() error { return nil }, Log: zap.NewNop()})
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "webhooks.html", view{Title: "Webhooks", Page: i.page(Filter{})}); err != nil {
		panic(err)
	}
	return b.String()
}
