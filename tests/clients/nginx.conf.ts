/**
 * The nginx of docs/enforcement.md: TLS with client certificates in front of `service`, and Kỳ Đài asked before every
 * request. `folder` holds server.pem, server.key and devices-ca.pem.
 */
export function nginxConfiguration(parts: {
  readonly folder: string;
  readonly port: number;
  readonly service: string;
  readonly kydai: string;
}): string {
  const { folder, port, service, kydai } = parts;
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;

  upstream kydai {
    server ${new URL(kydai).host};
    keepalive 16;
  }

  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server.key;
    ssl_client_certificate ${folder}/devices-ca.pem;
    ssl_verify_client optional;
    ssl_verify_depth 3;

    location / {
      auth_request /.kydai;
      auth_request_set $kydai_reason $upstream_http_x_kydai_reason;
      auth_request_set $kydai_device $upstream_http_x_kydai_device;
      add_header X-Kydai-Reason $kydai_reason always;
      proxy_set_header X-Device $kydai_device;
      proxy_pass ${service};
    }

    location = /.kydai {
      internal;
      proxy_pass http://kydai/access/v1/nginx;
      proxy_http_version 1.1;
      proxy_pass_request_body off;
      proxy_pass_request_headers off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
      proxy_set_header Host 127.0.0.1;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-SSL-Client-Verify $ssl_client_verify;
      proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
    }
  }
}
`;
}
