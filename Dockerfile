# A small image with the static program alone:
#
#   docker build -t whyhook .
#   docker run --rm -p 127.0.0.1:3000:3000 -v whyhook:/data -e TRACKPILOTS_WEBHOOKS_SECRET_KEY whyhook
#   docker exec -it CONTAINER whyhook attach
#
# It listens on every address of its container; which of them are reachable is said by -p.
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /src
COPY . .
# On Alpine, Rust links statically by default.
RUN cargo build --release --locked --bin whyhook && strip target/release/whyhook
RUN packaging/image-files target/release/whyhook /image

# No shell and no library: nothing else there to attack, or to keep up to date. Root certificates are in the program; it
# has no time zones, and shows UTC.
FROM scratch
COPY --from=build /image/root /
# Nobody in particular: 65532 is what others use for it. It owns /data and /tmp.
COPY --from=build --chown=65532:65532 /image/own /
USER 65532:65532
# The store, and a folder for whyhook.toml and .env.
ENV HOME=/data XDG_DATA_HOME=/data
VOLUME /data
WORKDIR /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s CMD ["whyhook", "status"]
ENTRYPOINT ["whyhook"]
CMD ["listen", "--headless", "--bind", "0.0.0.0:3000"]
