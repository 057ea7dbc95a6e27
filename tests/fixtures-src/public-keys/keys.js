// Key pairs, their forms and their signatures, as JSON on stdout: see README.md.
const crypto = require('crypto');

const message = '1764370000.{"event":"scan.created","id":"evt_1"}';
const bytes = Buffer.from(message);
const { RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX_SIGN } = crypto.constants;

function pair(type, options, sign) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const jwk = publicKey.export({ format: 'jwk' });
  const forms = {
    'PEM': pem,
    'PEM on one line': pem.replaceAll('\n', '\\n'),
    'PEM with CR LF': pem.replaceAll('\n', '\r\n'),
    'PEM indented, with text around': 'The key:\n' + pem.replaceAll(/^/gm, '    ') + '\n(end)',
    'PEM in base64': Buffer.from(pem).toString('base64'),
    'DER in base64': spki.toString('base64'),
    'DER in base64url': spki.toString('base64url'),
    'DER in base64, in lines': spki.toString('base64').replaceAll(/.{20}/g, '$&\n'),
    'DER in hexadecimal': spki.toString('hex'),
    'JWK': JSON.stringify(jwk),
    'JWK for signatures': JSON.stringify({ ...jwk, kid: 'one', use: 'sig', key_ops: ['verify'] }, null, 2),
    'JWKS of one': JSON.stringify({ keys: [{ ...jwk, kid: 'one' }] }),
    'JWKS beside others': JSON.stringify({ keys: [{ kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' }, { ...jwk, use: 'enc' }, jwk, {}] }),
  };
  const private_forms = { 'PKCS#8': privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  private_forms['PKCS#8 as DER in base64'] = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  if (type === 'rsa') {
    forms['PKCS#1'] = publicKey.export({ type: 'pkcs1', format: 'pem' });
    forms['PKCS#1 as DER in base64'] = publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64');
    private_forms['PKCS#1'] = privateKey.export({ type: 'pkcs1', format: 'pem' });
  }
  if (type === 'ec') private_forms['SEC 1'] = privateKey.export({ type: 'sec1', format: 'pem' });
  const signatures = [];
  sign((algorithm, hash, how = {}) => {
    const signature = crypto.sign(hash, bytes, { key: privateKey, ...how });
    signatures.push([algorithm, signature.toString('base64')]);
  });
  const private_jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
  return { spki: spki.toString('base64'), forms, private_forms, private_jwk, signatures };
}

function curve(name, hash) {
  return pair('ec', { namedCurve: name }, (sign) => {
    sign(`ecdsa-${hash}`, hash);
    sign(`ecdsa-${hash}-points`, hash, { dsaEncoding: 'ieee-p1363' });
  });
}

function rsa(bits, salts) {
  return pair('rsa', { modulusLength: bits }, (sign) => {
    for (const hash of ['sha1', 'sha256', 'sha384', 'sha512']) sign(`rsa-${hash}`, hash);
    for (const hash of ['sha256', 'sha384', 'sha512'])
      for (const saltLength of salts) sign(`rsa-pss-${hash}`, hash, { padding: RSA_PKCS1_PSS_PADDING, saltLength });
  });
}

const refused = (type, options) => crypto.generateKeyPairSync(type, options).publicKey.export({ type: 'spki', format: 'pem' });

console.log(JSON.stringify({
  message,
  keys: {
    'Ed25519': pair('ed25519', {}, (sign) => sign('ed25519', null)),
    'P-256': curve('P-256', 'sha256'),
    'P-384': curve('P-384', 'sha384'),
    'P-521': curve('P-521', 'sha512'),
    'RSA': rsa(2048, [RSA_PSS_SALTLEN_DIGEST, RSA_PSS_SALTLEN_MAX_SIGN, 0]),
    'RSA of 1024': rsa(1024, [RSA_PSS_SALTLEN_MAX_SIGN]),
  },
  refused: {
    'ECDSA on secp256k1': refused('ec', { namedCurve: 'secp256k1' }),
    'a curve that is given in numbers': refused('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }),
    'X25519': refused('x25519', {}),
    'Ed448': refused('ed448', {}),
    'RSASSA-PSS alone': refused('rsa-pss', { modulusLength: 2048 }),
    'has 768 bits': refused('rsa', { modulusLength: 768 }),
  },
}));
