package drill

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
)

// rewriteRecord changes what Helm stores of a release: JSON, packed, in base64.
func rewriteRecord(r *Run, stored []byte, change func(map[string]any)) []byte {
	packed, err := base64.StdEncoding.DecodeString(string(stored))
	r.must("reading the record", err)
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	r.must("reading the record", err)
	record := map[string]any{}
	r.must("reading the record", json.NewDecoder(reader).Decode(&record))
	change(record)
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	r.must("writing the record", json.NewEncoder(writer).Encode(record))
	r.must("writing the record", writer.Close())
	return []byte(base64.StdEncoding.EncodeToString(out.Bytes()))
}
