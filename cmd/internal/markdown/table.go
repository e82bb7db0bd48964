// Package markdown writes what the commands beside meetbus measure, as it stands in the documentation.
package markdown

import (
	"fmt"
	"io"
	"strings"
)

// Table is a table. Each row has as many cells as the head.
type Table struct {
	Head []string
	Rows [][]string
}

// Print writes it, one row a line.
func (t Table) Print(w io.Writer) {
	dashes := make([]string, len(t.Head))
	for i := range dashes {
		dashes[i] = "---"
	}
	for _, row := range append([][]string{t.Head, dashes}, t.Rows...) {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
}
