<?php
// A receiver in PHP, correct or with one mistake.
//   MODE=… php -S 127.0.0.1:PORT php_app.php
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/webhooks/trackpilots') {
    http_response_code(404);
    exit;
}
$mode = getenv('MODE');
if ($mode === 'documented') {
    require getenv('SNIPPET');
    return;
}
if ($mode === 'none') {
    exit('ok');
}
if ($mode === 'login') {
    header('Location: /login.php');
    exit;
}

$key = getenv('TRACKPILOTS_WEBHOOKS_SECRET_KEY');
$raw = file_get_contents('php://input');
$signature = $_SERVER['HTTP_X_WEBHOOK_SIGNATURE'] ?? '';
$timestamp = $_SERVER['HTTP_X_WEBHOOK_TIMESTAMP'] ?? '';

switch ($mode) {
    case 'getallheaders':
        // The names are written as they arrive.
        $headers = getallheaders();
        $signature = $headers['X-Webhook-Signature'] ?? '';
        $timestamp = $headers['X-Webhook-Timestamp'] ?? '';
        break;
    case 'server-without-prefix':
        $signature = $_SERVER['X-Webhook-Signature'] ?? '';
        break;
    case 'reencoded':
        $raw = json_encode(json_decode($raw));
        break;
    case 'reencoded-array':
        $raw = json_encode(json_decode($raw, true));
        break;
    case 'reencoded-flags':
        $raw = json_encode(json_decode($raw), JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
        break;
    case 'reencoded-pretty':
        $raw = json_encode(json_decode($raw), JSON_PRETTY_PRINT);
        break;
    case 'array-to-string':
        $raw = @(string) json_decode($raw, true);
        break;
    case 'post':
        $raw = http_build_query($_POST);
        break;
    case 'post-json':
        $raw = json_encode($_POST);
        break;
    case 'post-field':
        $raw = $_POST['payload'] ?? '';
        break;
    case 'trims':
        $raw = trim($raw);
        break;
    case 'utf8-decode':
        $raw = mb_convert_encoding_latin1($raw);
        break;
    case 'stripslashes':
        $raw = stripslashes($raw);
        break;
    case 'htmlspecialchars':
        $raw = htmlspecialchars($raw, ENT_NOQUOTES);
        break;
    case 'first-read':
        $raw = fread(fopen('php://input', 'rb'), 512);
        break;
    case 'secret-unset':
        $key = (string) getenv('WEBHOOK_SECRET');
        break;
    case 'secret-file':
        $key .= "\n";
        break;
}

// UTF-8 read as Latin-1, as the old utf8_encode does.
function mb_convert_encoding_latin1(string $text): string
{
    return preg_replace_callback('/[\x80-\xff]/', fn ($byte) => $byte[0] < "\xc0" ? "\xc2" . $byte[0] : "\xc3" . chr(ord($byte[0]) - 64), $text);
}

if ($mode === 'if-isset' && !isset($_SERVER['HTTP_X_WEBHOOK_SIGNATURE'])) {
    exit('ok');
}
if ($mode !== 'hash-equals-null' && ($signature === '' || $timestamp === '')) {
    http_response_code(400);
    exit('Missing signature');
}
$expected = hash_hmac('sha256', $timestamp . '.' . $raw, $key);
$is_right = match ($mode) {
    // A TypeError where the header is missing.
    'hash-equals-null' => hash_equals($expected, $_SERVER['HTTP_X_WEBHOOK_SIGNATURE'] ?? null),
    // Two digests that are numbers to PHP, such as 0e…, are equal to it: one pair in millions of millions, beyond any check.
    'loose' => $expected == $signature,
    'strncmp' => strncmp($expected, $signature, strlen($signature)) === 0,
    'str-contains' => str_contains($signature, $expected),
    'base64' => hash_equals(base64_encode(hash_hmac('sha256', $timestamp . '.' . $raw, $key, true)), $signature),
    'hash' => hash_equals(hash('sha256', $timestamp . '.' . $raw . $key), $signature),
    'dechex' => hash_equals(implode('', array_map('dechex', unpack('C*', hash_hmac('sha256', $timestamp . '.' . $raw, $key, true)))), $signature),
    'strtoupper' => hash_equals(strtoupper($expected), $signature),
    'md5' => hash_equals(hash_hmac('md5', $timestamp . '.' . $raw, $key), $signature),
    'no-dot' => hash_equals(hash_hmac('sha256', $timestamp . $raw, $key), $signature),
    'swapped' => hash_equals(hash_hmac('sha256', $key, $timestamp . '.' . $raw), $signature),
    default => hash_equals($expected, $signature),
};
if (!$is_right && $mode === 'die') {
    die('Invalid signature');
}
if (!$is_right && $mode === 'throws') {
    throw new RuntimeException('Invalid signature');
}
http_response_code($is_right ? 200 : 401);
