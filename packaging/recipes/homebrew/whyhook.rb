class Whyhook < Formula
  desc "@summary@"
  homepage "@repository@"
  version "@version@"
  license "@license@"

  on_macos do
    on_arm do
      url "@url aarch64-apple-darwin@"
      sha256 "@sha256 aarch64-apple-darwin@"
    end
    on_intel do
      url "@url x86_64-apple-darwin@"
      sha256 "@sha256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@url aarch64-unknown-linux-gnu@"
      sha256 "@sha256 aarch64-unknown-linux-gnu@"
    end
    on_intel do
      url "@url x86_64-unknown-linux-gnu@"
      sha256 "@sha256 x86_64-unknown-linux-gnu@"
    end
  end

  def install
    bin.install "whyhook"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/whyhook.bash" => "whyhook"
    zsh_completion.install "completions/whyhook.zsh" => "_whyhook"
    fish_completion.install "completions/whyhook.fish"
    doc.install "README.md", "CHANGELOG.md", "THIRD-PARTY.txt", "whyhook.cdx.json"
  end

  test do
    assert_match "whyhook #{version}", shell_output("#{bin}/whyhook --version")
    assert_match "header X-Hub-Signature-256", shell_output("#{bin}/whyhook schemes github")
  end
end
