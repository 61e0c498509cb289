# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
ENV GOCACHE=/go/build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/go/build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /vistka ./cmd/vistka && mkdir /state

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /vistka /vistka
COPY --from=build --chown=nonroot:nonroot /state /var/lib/vistka
ENV VISTKA_LISTEN=0.0.0.0:8080 VISTKA_DATA_DIR=/var/lib/vistka
VOLUME /var/lib/vistka
EXPOSE 8080
ENTRYPOINT ["/vistka"]
CMD ["serve"]
