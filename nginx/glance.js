// What nginx's own directives cannot say: the metadata of an image on an
// answer whose body nginx sends itself, and the texts of nginx's own errors.
// Written for njs 0.7.9 and later (Debian 12), which wants values above the
// functions that use them.

const metadataName = /^x-image-meta-[a-z0-9_-]+$/;
const lineEnd = /[\r\n\0]/;

// What an answer may have got before it became an error.
const leftovers = ['x-request-id', 'x-content-type-options', 'etag', 'last-modified', 'cache-control', 'location'];

// Of nginx's own errors: title and message.
const texts = {
    400: ['Bad Request', 'the request is not valid HTTP; check its first line and its headers'],
    401: ['Unauthorized',
        'who you are was not proved: the user and password, token or certificate is wrong, or none came along'],
    403: ['Forbidden', 'you may not do this'],
    404: ['Not Found', 'there is nothing at this path; GET /images/ lists the images'],
    405: ['Method Not Allowed', 'this method is not known here; the answer\'s Allow header names those that are'],
    408: ['Request Timeout', 'the client was silent for too long; send the request again'],
    411: ['Length Required', 'send the length of the body in Content-Length'],
    412: ['Precondition Failed', 'the image is not as If-Match or If-Unmodified-Since ask for'],
    413: ['Content Too Large', 'the body is larger than a chunked one may be; send it with a Content-Length'],
    414: ['URI Too Long', 'the path and its query are longer than 32 KB; shorten them'],
    416: ['Range Not Satisfiable', 'no byte of the image lies in this range; Content-Range names its size'],
    421: ['Misdirected Request', 'this service has another name; use that'],
    429: ['Too Many Requests', 'you ask too much at a time; try again in a moment'],
    431: ['Request Header Fields Too Large', 'one header is longer than 32 KB, or all together than 128 KB; shorten them'],
    495: ['Bad Request', 'the client\'s certificate is not good here: it ran out, or another CA signed it'],
    496: ['Bad Request', 'a certificate of the client\'s is needed'],
    497: ['Bad Request', 'this port speaks TLS; use https://'],
    500: ['Internal Server Error', 'the web server failed; its error log says why'],
    501: ['Not Implemented', 'this transfer encoding is not known here; use chunked, or none'],
    502: ['Bad Gateway', 'the image service does not answer, or broke off; try again in a moment'],
    503: ['Service Unavailable', 'the web server has too much to do; try again in a moment'],
    504: ['Gateway Timeout', 'the image service took too long; look whether the request had an effect, then try again'],
    505: ['HTTP Version Not Supported', 'use HTTP/1.1'],
    507: ['Insufficient Storage', 'there is no room for this body'],
};

const identityAway = ['Service Unavailable',
    'who you are cannot be found out just now, because the identity service does not answer; try again in a moment'];

const fileGone = ['Not Found',
    'the image was deleted at this moment, or its file is missing: nginx\'s error log says which file'];

// The header filter of /_glance/images/: sets what glance-api sent in
// X-Glance-Headers, one JSON object of names and values.
//
// It runs before nginx has looked at `Range`; an answer that turns into an
// error is cleaned by `errorHeaders`.
function metadata(r) {
    if (r.status !== 200 && r.status !== 206 && r.status !== 304) {
        return;
    }
    const text = r.variables.upstream_http_x_glance_headers;
    if (!text) {
        return;
    }
    const headers = JSON.parse(text);
    for (const name in headers) {
        // nginx does not look for line ends in a value set here, and a
        // header that is not metadata has no business in that object.
        if (!metadataName.test(name) || lineEnd.test(headers[name])) {
            r.error(`X-Glance-Headers: "${JSON.stringify(name)}" refused`);
            continue;
        }
        // An empty value would remove the header. The blank is no part of
        // the value: every reader strips it.
        r.headersOut[name] = headers[name] || ' ';
    }
}

// The header filter of nginx's own errors: takes away what an answer had
// been given before it became an error (a range outside of the image).
function errorHeaders(r) {
    for (const name in r.headersOut) {
        const lower = name.toLowerCase();
        if (lower.startsWith('x-image-meta-') || leftovers.includes(lower)) {
            delete r.headersOut[name];
        }
    }
}

// "json" where Accept wants that more than text, else "text". The same rule as
// in glance-api: what is not named is not wanted.
function errorForm(r) {
    const accept = r.headersIn.Accept || '';
    return quality(accept, 'application/json') > quality(accept, 'text/plain') ? 'json' : 'text';
}

// How much `accept` wants the type, 0 to 1.
function quality(accept, type) {
    let wanted = 0;
    accept.toLowerCase().split(',').forEach((range) => {
        const fields = range.split(';').map((field) => field.trim());
        if (fields[0] === type) {
            const q = fields.slice(1).filter((field) => field.startsWith('q='))[0];
            wanted = Math.max(wanted, q === undefined ? 1 : Number(q.slice(2)) || 0);
        }
    });
    return wanted;
}

function errorText(r) {
    const error = describe(r);
    return `${error.code} ${error.title}: ${error.message}\n`;
}

function errorJSON(r) {
    return JSON.stringify({ error: describe(r) }) + '\n';
}

function describe(r) {
    const code = Number(r.variables.status);
    const known = reason(r, code) || ['Error', 'the web server could not answer this request'];
    return { code: code, title: known[0], message: known[1], request_id: r.variables.request_id };
}

// Title and message of an error.
function reason(r, code) {
    if (code === 503 && r.uri.startsWith('/_glance/error/identity/')) {
        return identityAway;
    }
    // glance-api had just sent nginx to a file that is not there.
    if (code === 404 && r.variables.upstream_http_x_accel_redirect) {
        return fileGone;
    }
    // What stands behind the question mark is error_page's, never a client's.
    return texts[r.variables.args] || texts[code];
}

export default { metadata, errorHeaders, errorForm, errorText, errorJSON };
