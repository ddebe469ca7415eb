#ifndef FORWARDER_COPENSSL_SHIM_H
#define FORWARDER_COPENSSL_SHIM_H
#include <openssl/ssl.h>
#endif
