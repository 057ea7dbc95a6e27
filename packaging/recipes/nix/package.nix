# The released archives: `pkgs.callPackage ./package.nix { }`. Those for Linux are linked statically.
{
  lib,
  stdenvNoCC,
  fetchurl,
  installShellFiles,
}:

let
  archives = {
    x86_64-linux = {
      url = "@url x86_64-unknown-linux-musl@";
      sha256 = "@sha256 x86_64-unknown-linux-musl@";
    };
    aarch64-linux = {
      url = "@url aarch64-unknown-linux-musl@";
      sha256 = "@sha256 aarch64-unknown-linux-musl@";
    };
    x86_64-darwin = {
      url = "@url x86_64-apple-darwin@";
      sha256 = "@sha256 x86_64-apple-darwin@";
    };
    aarch64-darwin = {
      url = "@url aarch64-apple-darwin@";
      sha256 = "@sha256 aarch64-apple-darwin@";
    };
  };
in
stdenvNoCC.mkDerivation {
  pname = "whyhook";
  version = "@version@";

  src = fetchurl (
    archives.${stdenvNoCC.hostPlatform.system}
      or (throw "whyhook: no archive for ${stdenvNoCC.hostPlatform.system}")
  );

  nativeBuildInputs = [ installShellFiles ];

  installPhase = ''
    runHook preInstall
    install -Dm755 whyhook -t $out/bin
    installManPage man/*.1
    installShellCompletion --name whyhook completions/whyhook.{bash,fish}
    installShellCompletion --name _whyhook --zsh completions/whyhook.zsh
    install -Dm644 README.md CHANGELOG.md LICENSE THIRD-PARTY.txt whyhook.cdx.json -t $out/share/doc/whyhook
    runHook postInstall
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    $out/bin/whyhook --version
  '';

  meta = {
    description = "@summary@";
    homepage = "@repository@";
    license = lib.licenses.mit;
    mainProgram = "whyhook";
    platforms = lib.attrNames archives;
    sourceProvenance = [ lib.sourceTypes.binaryNativeCode ];
  };
}
