<?php // Reads bodies on standard input, prints {name: [answers]}.
$bodies = json_decode(file_get_contents('php://stdin'));
$s = JSON_UNESCAPED_SLASHES; $u = JSON_UNESCAPED_UNICODE; $z = JSON_PRESERVE_ZERO_FRACTION; $p = JSON_PRETTY_PRINT;
$forms = [
    'PHP json_encode' => [true, 0],
    'PHP json_encode of objects' => [false, 0],
    'PHP json_encode, JSON_UNESCAPED_SLASHES' => [true, $s],
    'PHP json_encode, JSON_UNESCAPED_UNICODE' => [true, $u],
    'PHP json_encode, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE' => [true, $s | $u],
    'PHP json_encode of objects, JSON_UNESCAPED_SLASHES' => [false, $s],
    'PHP json_encode of objects, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE' => [false, $s | $u],
    'PHP json_encode, JSON_PRESERVE_ZERO_FRACTION' => [true, $z],
    'PHP json_encode, JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE' => [true, $z | $s | $u],
    'PHP json_encode, JSON_PRETTY_PRINT' => [true, $p],
    'PHP json_encode, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE' => [true, $p | $s | $u],
];
$all = [];
foreach ($forms as $name => [$arrays, $flags]) {
    foreach ($bodies as $body) {
        $value = json_decode($body, $arrays);
        $failed = json_last_error() !== JSON_ERROR_NONE;
        $text = $failed ? false : json_encode($value, $flags);
        $all[$name][] = $text === false ? null : $text;
    }
}
echo json_encode($all), "\n";
