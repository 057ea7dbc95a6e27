# A receiver in Rack, correct or with one mistake, on Puma.
#   ruby rack.rb MODE
require "json"
require "openssl"
require "rack"
require "puma"
require "puma/server"
require "puma/events"

MODE, = ARGV
PATH = "/webhooks/trackpilots"
SECRET = ENV.fetch("TRACKPILOTS_WEBHOOKS_SECRET_KEY")

def hex(timestamp, body, key = SECRET) = OpenSSL::HMAC.hexdigest("SHA256", key, "#{timestamp}.".b + body.b)

def status(signature, timestamp, expected)
  return 400 if signature.to_s.empty? || timestamp.to_s.empty?
  Rack::Utils.secure_compare(expected.call, signature) ? 200 : 401
end

def headers(env) = env.values_at("HTTP_X_WEBHOOK_SIGNATURE", "HTTP_X_WEBHOOK_TIMESTAMP")

# Verifies what the block makes of the request's environment.
def of(env, key = SECRET)
  signature, timestamp = headers(env)
  status(signature, timestamp, -> { hex(timestamp, yield(env), key) })
end

def raw(env) = env["rack.input"].read

# Compares the header with what the block says, which may fail.
def compared(env)
  signature, timestamp = headers(env)
  return 400 unless signature && timestamp && !signature.empty?
  yield(signature, timestamp, raw(env)) ? 200 : 401
end

RECEIVERS = {
  "rewinds" => ->(env) { raw(env); of(env) { |e| e["rack.input"].rewind; raw(e) } },
  "params-then-body" => ->(env) { Rack::Request.new(env).params; of(env) { |e| e["rack.input"].rewind; raw(e) } },
  "to-json" => ->(env) { of(env) { |e| JSON.parse(raw(e)).to_json } },
  "pretty" => ->(env) { of(env) { |e| JSON.pretty_generate(JSON.parse(raw(e))) } },
  "hash-to-s" => ->(env) { of(env) { |e| JSON.parse(raw(e)).to_s } },
  "reads-twice" => ->(env) { raw(env); of(env) { |e| raw(e) } },
  "params-to-json" => ->(env) { of(env) { |e| Rack::Request.new(e).params.to_json } },
  "params-payload" => ->(env) { of(env) { |e| Rack::Request.new(e).params["payload"].to_s } },
  "first-read" => ->(env) { of(env) { |e| e["rack.input"].read(512).to_s } },
  "first-line" => ->(env) { of(env) { |e| e["rack.input"].gets.to_s } },
  "strips" => ->(env) { of(env) { |e| raw(e).strip } },
  "chomps" => ->(env) { of(env) { |e| raw(e).chomp } },
  "scrubs" => ->(env) { of(env) { |e| raw(e).force_encoding("US-ASCII").scrub("?") } },
  "latin1" => ->(env) { of(env) { |e| raw(e).force_encoding("ISO-8859-1").encode("UTF-8") } },
  "secret-unset" => ->(env) { of(env, ENV["WEBHOOK_SECRET"].to_s) { |e| raw(e) } },
  "secret-file" => ->(env) { of(env, "#{SECRET}\n") { |e| raw(e) } },
  "secret-inspect" => ->(env) { of(env, SECRET.inspect) { |e| raw(e) } },
  "fixed-length" => ->(env) { compared(env) { |s, t, body| OpenSSL.fixed_length_secure_compare(hex(t, body), s) } },
  "start-with" => ->(env) { compared(env) { |s, t, body| hex(t, body).start_with?(s) } },
  "slice" => ->(env) { compared(env) { |s, t, body| hex(t, body)[0, 16] == s[0, 16] } },
  "regexp" => ->(env) { compared(env) { |s, t, body| s.match?(/#{hex(t, body)}/) } },
  "to-s-16" => ->(env) { compared(env) { |s, t, body| [hex(t, body)].pack("H*").bytes.map { |byte| byte.to_s(16) }.join == s } },
  "to-i-16" => ->(env) { compared(env) { |s, t, body| hex(t, body).to_i(16).to_s(16) == s } },
  "hex-as-number" => ->(env) { compared(env) { |s, t, body| hex(t, body).to_i(16) == s.to_i(16) } },
  "base64" => ->(env) { compared(env) { |s, t, body| [[hex(t, body)].pack("H*")].pack("m0") == s } },
  "base64-lines" => ->(env) { compared(env) { |s, t, body| [[hex(t, body)].pack("H*")].pack("m") == s } },
  "digest" => ->(env) { compared(env) { |s, t, body| OpenSSL::Digest::SHA256.hexdigest("#{SECRET}#{t}.".b + body) == s } },
  "colon" => ->(env) { compared(env) { |s, t, body| OpenSSL::HMAC.hexdigest("SHA256", SECRET, "#{t}:".b + body) == s } },
  "nil-header" => ->(env) { Rack::Utils.secure_compare(hex(headers(env)[1], raw(env)), headers(env)[0]) ? 200 : 401 },
  "nil-equals" => ->(env) { headers(env)[0].nil? || hex(headers(env)[1], raw(env)) == headers(env)[0] ? 200 : 401 },
  "without-prefix" => ->(env) { env["X-Webhook-Signature"] ? of(env) { |e| raw(e) } : 400 },
  "none" => ->(_env) { 200 },
  "raises" => ->(env) { of(env) { |e| raw(e) } == 200 ? 200 : raise("Invalid signature") },
}

def rack
  lambda do |env|
    next [404, {}, []] unless env["PATH_INFO"] == PATH && env["REQUEST_METHOD"] == "POST"
    [RECEIVERS.fetch(MODE).call(env), { "Content-Type" => "text/plain" }, []]
  end
end

# The receiver that docs/signatures.md shows for Rack is the file config.ru.
def documented = Rack::Builder.new_from_string(File.read(ENV.fetch("SNIPPET")))

app = MODE == "documented" ? documented : rack
app = app.first if app.is_a?(Array)
server = Puma::Server.new(app, Puma::Events.strings)
puts server.add_tcp_listener("127.0.0.1", 0).addr[1]
$stdout.flush
server.run.join
