FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# What `meetbus version` says; docs/release.md has the command. Without them it says that it does not know.
ARG VERSION COMMIT DATE
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" \
      -o /out/meetbus ./cmd/meetbus && mkdir /out/data

FROM scratch
# The providers' keys are fetched over https.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/meetbus /meetbus
# A named volume that is mounted here takes over the owner.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=3 CMD ["/meetbus", "healthcheck"]
ENTRYPOINT ["/meetbus"]
CMD ["serve"]
