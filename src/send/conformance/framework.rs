//! Which framework a receiver is made with, as far as its answers show, and how it says what a remedy needs.

use super::ReceiverFault;
use super::judge::Observed;

/// A framework or server that is known by its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framework {
    /// Express.
    Express,
    /// Fastify.
    Fastify,
    /// NestJS.
    NestJs,
    /// Next.js.
    NextJs,
    /// FastAPI or Starlette.
    FastApi,
    /// Flask.
    Flask,
    /// Django.
    Django,
    /// Laravel.
    Laravel,
    /// PHP without a framework that is known.
    Php,
    /// Python without one.
    Python,
    /// Ruby without one, or on Rack.
    Ruby,
    /// Java or Kotlin without one.
    Java,
    /// Ruby on Rails.
    Rails,
    /// Go's `net/http`.
    Go,
    /// Spring.
    Spring,
    /// ASP.NET Core.
    AspNet,
    /// Nginx, before the receiver.
    Nginx,
}

/// What an answer shows, in lower case: `name: value` of its headers, or words of its body.
const SIGNS: [(Framework, &[&str]); 12] = [
    (Framework::NestJs, &["\"message\":\"cannot post "]),
    (Framework::Fastify, &["\"message\":\"route post:", "fst_err_"]),
    (Framework::NextJs, &["x-powered-by: next.js"]),
    (Framework::Laravel, &["laravel_session", "csrf token mismatch", "page expired"]),
    (Framework::Rails, &["actioncontroller::", "can't verify csrf token", "no route matches [post]", "x-runtime: "]),
    (Framework::Django, &["csrf verification failed", "csrf cookie", "csrftoken=", "server: wsgiserver", "django"]),
    (Framework::Flask, &["server: werkzeug", "the requested url was not found on the server. if you entered"]),
    (Framework::FastApi, &["server: uvicorn", "{\"detail\":\"not found\"}", "{\"detail\":\"method not allowed\"}"]),
    (Framework::Spring, &["whitelabel error page", "org.springframework", "\"timestamp\":\"20", "jsessionid="]),
    (Framework::AspNet, &["server: kestrel", "x-powered-by: asp.net", "https://tools.ietf.org/html/rfc"]),
    (Framework::Express, &["x-powered-by: express", "<pre>cannot post "]),
    (Framework::Go, &["404 page not found", "method not allowed\n"]),
];

/// What the answers of languages and servers show, which is told where no framework is.
const COMMON_SIGNS: [(Framework, &[&str]); 5] = [
    (Framework::Php, &["x-powered-by: php"]),
    (Framework::Python, &["server: basehttp", "server: gunicorn", "server: waitress", "python/3"]),
    (Framework::Ruby, &["server: puma", "server: webrick", "server: thin"]),
    (Framework::Java, &["server: jetty", "server: apache-coyote", "apache tomcat"]),
    (Framework::Nginx, &["<center>nginx", "server: nginx"]),
];

impl Framework {
    /// That of a receiver that gave these answers; `None` where none of them shows it.
    #[must_use]
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Observed>) -> Option<Self> {
        let all: Vec<String> = answers.into_iter().map(shown).collect();
        let find = |table: &[(Self, &[&str])]| {
            all.iter().find_map(|shown| {
                let is_shown = |(_, signs): &&(Self, &[&str])| signs.iter().any(|sign| shown.contains(sign));
                table.iter().find(is_shown).map(|(framework, _)| *framework)
            })
        };
        find(&SIGNS).or_else(|| find(&COMMON_SIGNS))
    }

    /// That of a receiver which writes as these do, each named with its language first; `None` where they are of several
    /// languages, or of one whose remedies are the usual ones.
    #[must_use]
    pub fn of_writers(names: &[String]) -> Option<Self> {
        let mut languages = names.iter().map(|name| name.split(' ').next().unwrap_or_default());
        let first = languages.next()?;
        if languages.any(|other| other != first) {
            return None;
        }
        Some(match first {
            "Python" => Self::Python,
            "PHP" => Self::Php,
            "Ruby" => Self::Ruby,
            "Java" => Self::Java,
            "Go" => Self::Go,
            ".NET" | "C#" => Self::AspNet,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Express => "Express",
            Self::Fastify => "Fastify",
            Self::NestJs => "NestJS",
            Self::NextJs => "Next.js",
            Self::FastApi => "FastAPI",
            Self::Flask => "Flask",
            Self::Django => "Django",
            Self::Laravel => "Laravel",
            Self::Php => "PHP",
            Self::Python => "Python",
            Self::Ruby => "Ruby",
            Self::Java => "Java",
            Self::Rails => "Ruby on Rails",
            Self::Go => "Go",
            Self::Spring => "Spring",
            Self::AspNet => "ASP.NET Core",
            Self::Nginx => "nginx",
        }
    }

    /// The remedy of a fault in its own words; `None` where the usual one does. `path` is the webhook's.
    pub(super) fn code(self, fault: ReceiverFault, path: &str) -> Option<String> {
        let code = match fault {
            ReceiverFault::HashesReserialisedBody
            | ReceiverFault::HashesPrintedObject
            | ReceiverFault::HashesOtherBytes
            | ReceiverFault::EmptyBody
            | ReceiverFault::ReadsPartOfBody
            | ReceiverFault::SplitsCharacters => self.raw_body()?,
            ReceiverFault::RejectsLargeBody => self.body_limit()?,
            ReceiverFault::CsrfProtection => self.csrf()?,
            ReceiverFault::RequiresLogin => self.login()?,
            ReceiverFault::ErrorsInsteadOfRefusing | ReceiverFault::NoAnswer => self.errors()?,
            ReceiverFault::RefusesValid => self.route()?,
            _ => return None,
        };
        Some(code.replace("PATH", path))
    }

    fn raw_body(self) -> Option<&'static str> {
        Some(match self {
            Self::Express => {
                "app.post('PATH', express.raw({ type: '*/*' }), (req, res) => verify(req.body) /* a Buffer */)"
            }
            Self::Fastify => {
                "fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (req, body, done) => done(null, body))"
            }
            Self::NestJs => "const app = await NestFactory.create(AppModule, { rawBody: true }) // then req.rawBody",
            Self::NextJs => "const rawBody = Buffer.from(await request.arrayBuffer())",
            Self::FastApi => "raw_body = await request.body()  # bytes; not request.json()",
            Self::Flask => "raw_body = request.get_data()  # bytes; not request.json",
            Self::Django => "raw_body = request.body  # bytes; not request.POST",
            Self::Laravel => "$rawBody = $request->getContent();",
            Self::Php => "$rawBody = file_get_contents('php://input');",
            Self::Python => "raw_body = self.rfile.read(length)  # the bytes, before json.loads",
            Self::Ruby => "raw_body = request.body.read # before JSON.parse",
            Self::Java => "byte[] body = request.getInputStream().readAllBytes();",
            Self::Rails => "raw_body = request.raw_post",
            Self::Go => "body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))",
            Self::Spring => "@PostMapping(\"PATH\") ResponseEntity<Void> receive(@RequestBody byte[] body, …)",
            Self::AspNet => "using var buffer = new MemoryStream(); await Request.Body.CopyToAsync(buffer);",
            Self::Nginx => return None,
        })
    }

    fn body_limit(self) -> Option<&'static str> {
        Some(match self {
            Self::Express => "express.raw({ type: '*/*', limit: '20mb' })",
            Self::Fastify => "const fastify = Fastify({ bodyLimit: 20 * 1024 * 1024 })",
            Self::NestJs => "app.useBodyParser('raw', { type: '*/*', limit: '20mb' })",
            Self::NextJs => "export const config = { api: { bodyParser: false } } // then read the stream",
            Self::Flask => "app.config['MAX_CONTENT_LENGTH'] = 20 * 1024 * 1024",
            Self::Django => "DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024  # settings.py",
            Self::Laravel | Self::Php => "post_max_size = 20M ; php.ini",
            Self::Go => "body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 20<<20))",
            Self::Spring => "spring.codec.max-in-memory-size=20MB",
            Self::AspNet => "[RequestSizeLimit(20_000_000)]",
            Self::Nginx => "client_max_body_size 20m;",
            Self::Java => "maxPostSize=\"20971520\" <!-- Tomcat's Connector -->",
            Self::FastApi | Self::Rails | Self::Python | Self::Ruby => return None,
        })
    }

    fn csrf(self) -> Option<&'static str> {
        Some(match self {
            Self::Express | Self::NestJs => "app.post('PATH', receive) // before app.use(csrf())",
            Self::Flask => "@csrf.exempt  # before the view's def; csrf = CSRFProtect(app)",
            Self::Django => "@csrf_exempt  # from django.views.decorators.csrf import csrf_exempt",
            Self::Laravel => "$middleware->validateCsrfTokens(except: ['PATH']); // bootstrap/app.php",
            Self::Rails => "skip_before_action :verify_authenticity_token, only: :receive",
            Self::Spring => "http.csrf(csrf -> csrf.ignoringRequestMatchers(\"PATH\"))",
            Self::AspNet => "[IgnoreAntiforgeryToken]",
            _ => return None,
        })
    }

    fn login(self) -> Option<&'static str> {
        Some(match self {
            Self::Express | Self::NestJs => "app.post('PATH', receive) // before app.use(requireLogin)",
            Self::Django => "path('PATH', receive)  # without @login_required; listed as exempt in a login middleware",
            Self::Laravel => "Route::post('PATH', …)->withoutMiddleware('auth');",
            Self::Rails => "skip_before_action :authenticate_user!, only: :receive",
            Self::Spring => "http.authorizeHttpRequests(a -> a.requestMatchers(\"PATH\").permitAll())",
            Self::AspNet => "[AllowAnonymous]",
            Self::Nginx => "location = PATH { auth_basic off; … }",
            _ => return None,
        })
    }

    fn errors(self) -> Option<&'static str> {
        Some(match self {
            Self::Express => {
                "app.post('PATH', (req, res, next) => receive(req, res).catch(next)) // Express 4 waits without it"
            }
            Self::FastApi => "if not signature or not timestamp: raise HTTPException(400, 'Missing signature')",
            Self::Flask => "if not signature or not timestamp: abort(400)",
            Self::Django => "if not signature or not timestamp: return HttpResponseBadRequest()",
            Self::Laravel => "abort_unless($signature && $timestamp, 400);",
            Self::Rails => "head :bad_request and return unless signature && timestamp",
            Self::Spring => {
                "if (signature == null || signature.length() != 64) return ResponseEntity.status(401).build();"
            }
            _ => return None,
        })
    }

    fn route(self) -> Option<&'static str> {
        Some(match self {
            Self::Express => "app.post('PATH', …)",
            Self::Fastify => "fastify.post('PATH', …)",
            Self::NestJs => "@Post('PATH')",
            Self::NextJs => "export async function POST(request) { … } // app/PATH/route.js",
            Self::FastApi => "@app.post('PATH')",
            Self::Flask => "@app.post('PATH')",
            Self::Django => "path('PATH', receive)  # urls.py; PATH without its first slash",
            Self::Laravel => "Route::post('PATH', …); // routes/api.php puts /api before it",
            Self::Rails => "post 'PATH', to: 'webhooks#receive' # config/routes.rb",
            Self::Go => "http.HandleFunc(\"POST PATH\", receive)",
            Self::Spring => "@PostMapping(\"PATH\")",
            Self::AspNet => "app.MapPost(\"PATH\", …);",
            Self::Php | Self::Nginx | Self::Python | Self::Ruby | Self::Java => return None,
        })
    }
}

/// What an answer shows of who made it, in lower case.
fn shown(answer: &Observed) -> String {
    let Observed::Answer { head, said, .. } = answer else { return String::new() };
    let headers = head.pairs().map(|(name, value)| [name, b": ".as_slice(), value, b"\n"].concat());
    let bytes: Vec<u8> = headers.flatten().chain(said.iter().copied()).collect();
    String::from_utf8_lossy(&bytes).to_lowercase()
}

/// How a validator that says this is told to ignore unknown fields; `None` for one that is not known.
pub(super) fn validator(said: &str) -> Option<&'static str> {
    let said = said.to_lowercase();
    let signs = [
        ("unrecognized_keys", "schema.passthrough() // zod: instead of .strict()"),
        ("unrecognized key", "schema.passthrough() // zod: instead of .strict()"),
        ("extra_forbidden", "model_config = ConfigDict(extra='ignore')  # pydantic"),
        ("extra inputs are not permitted", "model_config = ConfigDict(extra='ignore')  # pydantic"),
        ("is not allowed", "schema.unknown(true) // Joi"),
        ("must not have additional properties", "\"additionalProperties\": true // Ajv, JSON Schema"),
        ("additional properties", "\"additionalProperties\": true // JSON Schema"),
        ("should not exist", "new ValidationPipe({ whitelist: true, forbidNonWhitelisted: false }) // NestJS"),
        ("unrecognized field", "@JsonIgnoreProperties(ignoreUnknown = true) // Jackson"),
        ("unrecognizedpropertyexception", "@JsonIgnoreProperties(ignoreUnknown = true) // Jackson"),
        ("json: unknown field", "decoder := json.NewDecoder(bytes.NewReader(body)) // without DisallowUnknownFields"),
        ("unknown field `", "#[derive(Deserialize)] // serde: without deny_unknown_fields"),
    ];
    signs.iter().find(|(sign, _)| said.contains(sign)).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::Head;

    fn answer(head: &str, said: &str) -> Observed {
        let head = Head::from(format!("HTTP/1.1 403 x\r\n{head}\r\n\r\n"));
        Observed::Answer { status: 403, latency: Duration::ZERO, said: said.as_bytes().to_vec(), head }
    }

    #[test]
    fn frameworks_are_known_by_headers_and_words() {
        for (head, said, framework) in [
            ("X-Powered-By: Express", "", Some(Framework::Express)),
            ("Server: Werkzeug/3.0 Python/3.11", "", Some(Framework::Flask)),
            ("Server: WSGIServer/0.2 CPython/3.11", "Forbidden", Some(Framework::Django)),
            ("X-Powered-By: Express", r#"{"message":"Cannot POST /x","statusCode":404}"#, Some(Framework::NestJs)),
            ("A: b", r#"{"message":"Route POST:/x not found"}"#, Some(Framework::Fastify)),
            ("A: b", "Can't verify CSRF token authenticity.", Some(Framework::Rails)),
            ("Server: nginx/1.25", "", Some(Framework::Nginx)),
            ("Server: nginx/1.25", "Forbidden (403) CSRF verification failed.", Some(Framework::Django)),
            ("Server: BaseHTTP/0.6 Python/3.12.1", "", Some(Framework::Python)),
            ("server: puma", "", Some(Framework::Ruby)),
            ("Server: Apache", "no", None),
        ] {
            assert_eq!(Framework::of([&answer(head, said)]), framework, "{head} {said}");
        }
        assert_eq!(Framework::of([&Observed::NotSent]), None);
        // What stands before the receiver may answer first.
        let both = [&answer("Server: nginx", ""), &answer("X-Powered-By: Express", "")];
        assert_eq!(Framework::of(both), Some(Framework::Express));
        let writers =
            |names: &[&str]| Framework::of_writers(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(writers(&["Python json.dumps", "Python orjson"]), Some(Framework::Python));
        assert_eq!(writers(&["Python json.dumps", "JavaScript JSON.stringify"]), None);
        assert_eq!((writers(&["JavaScript JSON.stringify"]), writers(&[])), (None, None));
        let code = Framework::Django.code(ReceiverFault::CsrfProtection, "/hook").unwrap();
        assert!(code.starts_with("@csrf_exempt"), "{code}");
        assert_eq!(Framework::Express.code(ReceiverFault::RefusesValid, "/hook").unwrap(), "app.post('/hook', …)");
    }
}
