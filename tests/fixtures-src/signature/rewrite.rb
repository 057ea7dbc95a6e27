# Reads bodies on standard input, prints {name: [answers]}.
require 'json'
bodies = JSON.parse($stdin.read)
forms = {
  'Ruby to_json' => ->(v) { v.to_json },
  'Ruby JSON.pretty_generate before json 2.8' => ->(v) { JSON.pretty_generate(v) },
  'ruby_hash' => ->(v) { v.inspect },
}
answer = ->(f, b) { f.(JSON.parse(b)) rescue nil }
puts JSON.generate(forms.to_h { |n, f| [n, bodies.map { |b| answer.(f, b) }] })
