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

FROM alpine:3
# Nobody in particular: 65532 is what others use for it.
RUN addgroup -g 65532 whyhook && adduser -D -u 65532 -G whyhook -h /data whyhook
COPY --from=build /src/target/release/whyhook /usr/local/bin/whyhook
# The licences of what is compiled in are there after packaging/assets; a pattern may match nothing.
COPY LICENSE target/assets/THIRD-PARTY.tx[t] /usr/share/licenses/whyhook/
USER whyhook
# The store, and a folder for whyhook.toml and .env.
ENV XDG_DATA_HOME=/data
VOLUME /data
WORKDIR /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s CMD ["whyhook", "status"]
ENTRYPOINT ["whyhook"]
CMD ["listen", "--headless", "--bind", "0.0.0.0:3000"]
