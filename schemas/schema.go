package schemas

import (
	"embed"
	"io/fs"
)

const (
	// SchemaUnmapped names the schema of the data of every event whose type is not in the catalogue.
	SchemaUnmapped = "meetbus.unmapped"
	// SchemaEvent names the schema of a whole event in structured mode: all attributes of a CloudEvent of ours, and some data.
	SchemaEvent = "meetbus.event"
)

//go:embed v1
var files embed.FS

// Schema returns the JSON Schema (2020-12) of the data of events of the type named, which may be TypeDeadLetter and
// SchemaUnmapped too; SchemaEvent names that of a whole event. The bytes are the caller's.
func Schema(name string) (schema []byte, found bool) {
	b, err := files.ReadFile("v1/" + name + ".json")
	return b, err == nil
}

// Files returns all schemas, named as they are published: v1/<type>.json. Beside them is what they say as types of TypeScript:
// v1/meetbus.d.ts.
func Files() fs.FS { return files }
