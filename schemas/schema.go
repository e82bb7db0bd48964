package schemas

import (
	"embed"
	"io/fs"
)

// SchemaUnmapped names the schema of every event whose type is not in the catalogue.
const SchemaUnmapped = "meetbus.unmapped"

//go:embed v1/*.json
var files embed.FS

// Schema returns the JSON Schema (2020-12) of the data of events of the type named, which may be SchemaUnmapped and
// TypeDeadLetter too. The bytes are the caller's.
func Schema(name string) (schema []byte, found bool) {
	b, err := files.ReadFile("v1/" + name + ".json")
	return b, err == nil
}

// Files returns all schemas, named as they are published: v1/<type>.json.
func Files() fs.FS { return files }
