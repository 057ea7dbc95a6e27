// A receiver with Go's net/http, correct or with one mistake. run puts the receiver that docs/signatures.md shows in the
// place of the line below.
//
//	go run server.go MODE
package main

import (
	"bytes"
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
)

//RECEIVER

const path = "/webhooks/trackpilots"

var secret = os.Getenv("TRACKPILOTS_WEBHOOKS_SECRET_KEY")

func digest(key, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// What a receiver reads as the body.
type reader func(w http.ResponseWriter, r *http.Request) ([]byte, error)

// What it expects as the signature.
type expecter func(timestamp string, body []byte) string

func whole(_ http.ResponseWriter, r *http.Request) ([]byte, error) { return io.ReadAll(r.Body) }

func hexed(timestamp string, body []byte) string { return hex.EncodeToString(digest(secret, timestamp, body)) }

func keyed(key string) expecter {
	return func(timestamp string, body []byte) string { return hex.EncodeToString(digest(key, timestamp, body)) }
}

// Verifies with what is read and expected.
func verifying(read reader, expect expecter) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		signature, timestamp := r.Header.Get("X-Webhook-Signature"), r.Header.Get("X-Webhook-Timestamp")
		if signature == "" || timestamp == "" {
			http.Error(w, "Missing signature", http.StatusBadRequest)
			return
		}
		body, err := read(w, r)
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			http.Error(w, "Too large", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil || !hmac.Equal([]byte(expect(timestamp, body)), []byte(signature)) {
			http.Error(w, "Invalid signature", http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "ok")
	}
}

// Reads JSON into `value` and writes it again.
func remarshalled(value func() any, change func([]byte) []byte) reader {
	return func(_ http.ResponseWriter, r *http.Request) ([]byte, error) {
		target := value()
		if err := json.NewDecoder(r.Body).Decode(target); err != nil {
			return nil, err
		}
		body, err := json.Marshal(target)
		return change(body), err
	}
}

func same(body []byte) []byte { return body }

// Compares the header's text with the right signature.
func comparing(equal func(signature, timestamp string, body []byte) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !equal(r.Header.Get("X-Webhook-Signature"), r.Header.Get("X-Webhook-Timestamp"), body) {
			http.Error(w, "Invalid signature", http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "ok")
	}
}

type event struct {
	Event      string          `json:"event"`
	Version    string          `json:"version"`
	Agent      string          `json:"agent"`
	Simulation bool            `json:"simulation,omitempty"`
	Timestamp  int64           `json:"timestamp"`
	Data       json.RawMessage `json:"data"`
}

// After the signature, a decoder that knows its fields.
func strict(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if r.Header.Get("X-Webhook-Signature") == hexed(r.Header.Get("X-Webhook-Timestamp"), body) {
		if err := decoder.Decode(new(event)); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	verifying(whole, hexed)(w, r)
}

var receivers = map[string]http.HandlerFunc{
	"right":  verifying(whole, hexed),
	"copies": verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { var b bytes.Buffer; _, err := io.Copy(&b, r.Body); return b.Bytes(), err }, hexed),
	"tee": verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) {
		var copied bytes.Buffer
		var value any
		err := json.NewDecoder(io.TeeReader(r.Body, &copied)).Decode(&value)
		rest, _ := io.ReadAll(r.Body)
		return append(copied.Bytes(), rest...), err
	}, hexed),
	"marshal-map":        verifying(remarshalled(func() any { return &map[string]any{} }, same), hexed),
	"marshal-struct":     verifying(remarshalled(func() any { return &event{} }, same), hexed),
	"marshal-raw":        verifying(remarshalled(func() any { return &json.RawMessage{} }, same), hexed),
	"encoder":            verifying(remarshalled(func() any { return &map[string]any{} }, func(body []byte) []byte { return append(body, '\n') }), hexed),
	"print-map":          verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { value := map[string]any{}; err := json.NewDecoder(r.Body).Decode(&value); return []byte(fmt.Sprint(value)), err }, hexed),
	"print-bytes":        verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { body, err := whole(w, r); return []byte(fmt.Sprint(body)), err }, hexed),
	"reads-twice":        verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { whole(w, r); return whole(w, r) }, hexed),
	"decode-then-read":   verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { json.NewDecoder(r.Body).Decode(&map[string]any{}); return whole(w, r) }, hexed),
	"one-read":           verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { body := make([]byte, 512); n, _ := r.Body.Read(body); return body[:n], nil }, hexed),
	"content-length":     verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { body := make([]byte, r.ContentLength); r.Body.Read(body); return body, nil }, hexed),
	"scanner":            verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { s := bufio.NewScanner(r.Body); s.Buffer(nil, 64<<20); s.Scan(); return s.Bytes(), s.Err() }, hexed),
	"form-value":         verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { return []byte(r.FormValue("payload")), nil }, hexed),
	"trims":              verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { body, err := whole(w, r); return bytes.TrimSpace(body), err }, hexed),
	"compact":            verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { body, err := whole(w, r); var b bytes.Buffer; json.Compact(&b, body); return b.Bytes(), err }, hexed),
	"valid-utf8":         verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { body, err := whole(w, r); return []byte(strings.ToValidUTF8(string(body), "?")), err }, hexed),
	"bytes-as-runes":     verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { body, err := whole(w, r); runes := make([]rune, len(body)); for i, b := range body { runes[i] = rune(b) }; return []byte(string(runes)), err }, hexed),
	"max-bytes":          verifying(func(w http.ResponseWriter, r *http.Request) ([]byte, error) { return io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10)) }, hexed),
	"limit-reader":       verifying(func(_ http.ResponseWriter, r *http.Request) ([]byte, error) { return io.ReadAll(io.LimitReader(r.Body, 64<<10)) }, hexed),
	"secret-unset":       verifying(whole, keyed(os.Getenv("WEBHOOK_SECRET"))),
	"secret-file":        verifying(whole, keyed(secret+"\n")),
	"secret-hex":         verifying(whole, keyed(hex.EncodeToString([]byte(secret)))),
	"base64":             verifying(whole, func(t string, body []byte) string { return base64.StdEncoding.EncodeToString(digest(secret, t, body)) }),
	"base64url":          verifying(whole, func(t string, body []byte) string { return base64.URLEncoding.EncodeToString(digest(secret, t, body)) }),
	"upper-case":         verifying(whole, func(t string, body []byte) string { return fmt.Sprintf("%X", digest(secret, t, body)) }),
	"no-padding":         verifying(whole, func(t string, body []byte) (s string) { for _, b := range digest(secret, t, body) { s += fmt.Sprintf("%x", b) }; return }),
	"big-int":            verifying(whole, func(t string, body []byte) string { return new(big.Int).SetBytes(digest(secret, t, body)).Text(16) }),
	"sum-of-body":        verifying(whole, func(t string, body []byte) string { mac := hmac.New(sha256.New, []byte(secret)); mac.Write([]byte(t + ".")); return hex.EncodeToString(mac.Sum(body)) }),
	"body-alone":         verifying(whole, func(_ string, body []byte) string { mac := hmac.New(sha256.New, []byte(secret)); mac.Write(body); return hex.EncodeToString(mac.Sum(nil)) }),
	"timestamp-alone":    verifying(whole, func(t string, _ []byte) string { mac := hmac.New(sha256.New, []byte(secret)); mac.Write([]byte(t)); return hex.EncodeToString(mac.Sum(nil)) }),
	"sha1":               verifying(whole, func(t string, body []byte) string { mac := hmac.New(sha1.New, []byte(secret)); mac.Write([]byte(t + ".")); mac.Write(body); return hex.EncodeToString(mac.Sum(nil)) }),
	"sha256-sum":         verifying(whole, func(t string, body []byte) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(secret+t+"."+string(body)))) }),
	"has-prefix":         comparing(func(s, t string, body []byte) bool { return s != "" && strings.HasPrefix(hexed(t, body), s) }),
	"slices":             comparing(func(s, t string, body []byte) bool { return s[:64] == hexed(t, body) && len(s) == 64 }),
	"decodes-until-junk": comparing(func(s, t string, body []byte) bool { received, _ := hex.DecodeString(s); return hmac.Equal(received, digest(secret, t, body)) }),
	"empty-passes":       comparing(func(s, t string, body []byte) bool { return s == "" || s == hexed(t, body) }),
	"forgets-return": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Webhook-Signature") != hexed(r.Header.Get("X-Webhook-Timestamp"), body) {
			log.New(io.Discard, "", 0).Print("invalid signature")
		}
		io.WriteString(w, "ok")
	},
	"map-of-headers": func(w http.ResponseWriter, r *http.Request) {
		// The map's keys are in canonical form, as X-Webhook-Signature.
		if len(r.Header["x-webhook-signature"]) == 0 {
			http.Error(w, "Missing signature header", http.StatusBadRequest)
			return
		}
		verifying(whole, hexed)(w, r)
	},
	"strict": strict,
}

func main() {
	mode := os.Args[1]
	log.SetOutput(io.Discard)
	mux := http.NewServeMux()
	switch mode {
	case "documented":
		mux.HandleFunc(path, receive)
	case "slash":
		mux.HandleFunc(path+"/", receivers["right"])
	case "other-path":
		mux.HandleFunc("/webhook", receivers["right"])
	case "method":
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", "PUT")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		})
	case "basic-auth":
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="restricted"`)
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
		})
	default:
		receiver, ok := receivers[mode]
		if !ok {
			fmt.Fprintln(os.Stderr, "unknown mode", mode)
			os.Exit(2)
		}
		mux.HandleFunc(path, receiver)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, mux)
}
