# syntax=docker/dockerfile:1

FROM --platform=$BUILDPLATFORM golang:1.26-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags='-s -w' -o /feedbackbot . \
 && mkdir /data

# Nothing but the binary and CA certificates; no shell, no root.
FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /feedbackbot /feedbackbot
COPY --from=build --chown=nonroot:nonroot /data /data
USER nonroot:nonroot
# The only place that is written to: the root may be mounted read-only.
VOLUME /data
WORKDIR /data
ENV DATABASE_URL=sqlite:/data/feedbackbot.db TMPDIR=/data
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["/feedbackbot", "healthcheck"]
ENTRYPOINT ["/feedbackbot"]
