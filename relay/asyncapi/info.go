package asyncapi

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed info.md
var about string

var aboutTemplate = template.Must(template.New("info.md").Funcs(template.FuncMap{"lasts": lasts, "replicas": replicas}).Parse(about))

// addInfo says what the document is about. The channels must be there.
func (b *builder) addInfo() error {
	b.AsyncAPI, b.document.ContentType = version, b.contentType()
	// The version is that of the schemas: what is only added is no new one.
	b.Info = info{Title: "meetbus", Version: "1.0.0"}
	var text strings.Builder
	if err := aboutTemplate.Execute(&text, b); err != nil {
		return err
	}
	b.Info.Description = strings.TrimSpace(text.String())
	return nil
}

// Filter is that of the first operation, for an example.
func (b *builder) Filter() string { return b.Operations[0].value.Bindings.NATS.Filter }

// Silent names the endpoints that leave the provider's payload out.
func (b *builder) Silent() string {
	var names []string
	for _, e := range b.Endpoints {
		if e.NoOriginal {
			names = append(names, "endpoint `"+e.Name+"`")
		}
	}
	return strings.Join(names, ", ")
}

// noneOriginal says that no event has the provider's payload.
func (b *builder) noneOriginal() bool {
	for _, e := range b.Endpoints {
		if !e.NoOriginal {
			return false
		}
	}
	return len(b.Endpoints) > 0
}

// lasts writes a duration without the parts that are zero: 168h, 2h30m.
func lasts(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func replicas(n int) string {
	if n == 1 {
		return "one replica"
	}
	return fmt.Sprintf("%d replicas", n)
}
