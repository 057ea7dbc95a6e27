//! TLS for `https` targets: whom to trust.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::TlsFault;
use crate::text::visible;

/// Whom an `https` target must prove to be.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// A file of PEM certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Send to whoever answers. Only ever when the person has said so.
    pub insecure: bool,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The file with certificates cannot be read.
    #[error("cannot read certificates from {}: {reason}: give a file in PEM form", visible(&path.display().to_string()))]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Larger files are not certificates; a system's whole collection has a few hundred KiB.
const CERTIFICATES_LIMIT: u64 = 16 * 1024 * 1024;

/// What TLS needs, made when it is first asked for: reading the system's certificates takes a while.
#[derive(Debug)]
pub(crate) struct Tls {
    extra: Vec<CertificateDer<'static>>,
    insecure: bool,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    pub(crate) fn new(options: &TlsOptions) -> Result<Self, TlsSetupError> {
        let extra = options.ca_file.as_deref().map(read_certificates).transpose()?.unwrap_or_default();
        Ok(Self { extra, insecure: options.insecure, config: OnceLock::new() })
    }

    /// The configuration. Blocks while the system's certificates are read.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(self.config.get_or_init(|| Arc::new(self.configure())))
    }

    fn configure(&self) -> ClientConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        #[expect(clippy::expect_used, reason = "ring has a cipher suite for each default version")]
        let builder = builder.with_safe_default_protocol_versions().expect("ring supports TLS 1.2 and 1.3");
        let mut config = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))).with_no_client_auth()
        } else {
            builder.dangerous().with_custom_certificate_verifier(self.verifier(provider)).with_no_client_auth()
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Arc<Trusted> {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()), provider);
        #[expect(
            clippy::expect_used,
            reason = "it fails without roots alone, and Mozilla's are there when no others are"
        )]
        let usual = builder.build().expect("there are roots");
        Arc::new(Trusted { usual, extra: self.extra.clone() })
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        // What of the system's cannot be read is not trusted; a machine without any gets Mozilla's.
        let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots.add_parsable_certificates(self.extra.iter().cloned());
        roots
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let failed = |reason: String| TlsSetupError::CaFile { path: path.to_owned(), reason };
    let pem = crate::system::read::whole(path, CERTIFICATES_LIMIT).map_err(|error| failed(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| failed(visible(&error.to_string()).into_owned()))?;
    if certificates.is_empty() {
        return Err(failed("it contains no certificate".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| failed(visible(&error.to_string()).into_owned()))?;
    }
    Ok(certificates)
}

/// Tells a failed handshake's reasons apart.
pub(crate) fn fault(error: &io::Error) -> TlsFault {
    let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                TlsFault::Closed
            }
            _ => TlsFault::Other(visible(&error.to_string()).into_owned()),
        };
    };
    match inner {
        Error::InvalidCertificate(certificate) => certificate_fault(certificate),
        Error::InvalidMessage(_) => TlsFault::NotTls,
        other => TlsFault::Other(visible(&other.to_string()).into_owned()),
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::WrongName,
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        other if is_authority(other) => TlsFault::UnknownIssuer,
        other => TlsFault::Certificate(visible(&other.to_string()).into_owned()),
    }
}

/// Whether a certificate was refused for being an authority's: what `openssl req -x509` makes for a
/// server is one, and it is self-signed. rustls has no name of its own for it.
fn is_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(_)) && format!("{error:?}").contains("CaUsedAsEndEntity")
}

/// The usual verification, and beside it a server's own self-signed certificate, when it is one of
/// those that the person has named.
#[derive(Debug)]
struct Trusted {
    usual: Arc<WebPkiServerVerifier>,
    extra: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.usual.verify_server_cert(certificate, others, name, ocsp, now) {
            // Its time has been looked at before this is found; its name has not.
            Err(Error::InvalidCertificate(error)) if is_authority(&error) && self.extra.contains(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// Accepts every certificate, and still checks that the peer holds its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
