// Reads bodies on standard input, prints {name: [answers]}.
package main

import (
	"bytes"
	"encoding/json"
	"os"
)

func main() {
	var bodies []string
	if err := json.NewDecoder(os.Stdin).Decode(&bodies); err != nil {
		panic(err)
	}
	encoder := func(html bool) func(any) ([]byte, error) {
		return func(v any) ([]byte, error) {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(html)
			err := e.Encode(v)
			return b.Bytes(), err
		}
	}
	forms := map[string]func(any) ([]byte, error){
		"Go json.Marshal of a map (Go 1.21 or earlier)": json.Marshal,
		"Go json.NewEncoder of a map":                    encoder(true),
		"Go json.NewEncoder of a map, SetEscapeHTML(false)": encoder(false),
		"Go json.MarshalIndent of a map, by 2":    func(v any) ([]byte, error) { return json.MarshalIndent(v, "", "  ") },
		"Go json.MarshalIndent of a map, by tabs": func(v any) ([]byte, error) { return json.MarshalIndent(v, "", "\t") },
	}
	all := map[string][]*string{}
	for name, form := range forms {
		for _, body := range bodies {
			var v any
			var answer *string
			if json.Unmarshal([]byte(body), &v) == nil {
				if text, err := form(v); err == nil {
					s := string(text)
					answer = &s
				}
			}
			all[name] = append(all[name], answer)
		}
	}
	json.NewEncoder(os.Stdout).Encode(all)
}
