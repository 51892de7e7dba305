# libmodsecurity 3 through its C API: runs requests over rules and says which rules were logged, in which order, and the
# last line of the score rule. Arguments: RULES_FILE. Input: one request a line as JSON; output: one answer a line.
import ctypes, json, re, sys

lib = ctypes.CDLL("libmodsecurity.so.3")
P, I, S, B = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
for name, result, arguments in [
    ("msc_init", P, []), ("msc_create_rules_set", P, []), ("msc_rules_add_file", I, [P, B, ctypes.POINTER(B)]),
    ("msc_new_transaction", P, [P, P, P]), ("msc_process_connection", I, [P, B, I, B, I]), ("msc_process_uri", I, [P, B, B, B]),
    ("msc_add_n_request_header", I, [P, B, S, B, S]), ("msc_process_request_headers", I, [P]), ("msc_append_request_body", I, [P, B, S]),
    ("msc_process_request_body", I, [P]), ("msc_add_n_response_header", I, [P, B, S, B, S]), ("msc_process_response_headers", I, [P, I, B]),
    ("msc_append_response_body", I, [P, B, S]), ("msc_process_response_body", I, [P]), ("msc_process_logging", I, [P]), ("msc_transaction_cleanup", None, [P]),
]:
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments

lines = []
Log = ctypes.CFUNCTYPE(None, P, B)
keep = Log(lambda _, text: lines.append(text.decode("latin1")))
lib.msc_set_log_cb.argtypes = [P, Log]
engine = lib.msc_init()
lib.msc_set_log_cb(engine, keep)
rules, error = lib.msc_create_rules_set(), B()
if lib.msc_rules_add_file(rules, sys.argv[1].encode(), ctypes.byref(error)) < 0:
    sys.exit("rules: " + (error.value or b"").decode("latin1"))

for text in sys.stdin:
    request = json.loads(text)
    lines.clear()
    raw = {key: request[key].encode("latin1") for key in ("method", "uri", "version", "body")}
    transaction = lib.msc_new_transaction(engine, rules, None)
    lib.msc_process_connection(transaction, b"192.0.2.7", 40000, b"192.0.2.1", 80)
    lib.msc_process_uri(transaction, raw["uri"], raw["method"], raw["version"])
    for field in request["headers"]:
        name, value = field["name"].encode("latin1"), field["value"].encode("latin1")
        lib.msc_add_n_request_header(transaction, name, len(name), value, len(value))
    lib.msc_process_request_headers(transaction)
    if raw["body"]:
        lib.msc_append_request_body(transaction, raw["body"], len(raw["body"]))
    lib.msc_process_request_body(transaction)
    lib.msc_add_n_response_header(transaction, b"Content-Type", 12, b"text/html", 9)
    lib.msc_process_response_headers(transaction, 200, b"HTTP/1.1")
    answer = request.get("answer", "").encode("latin1")
    if answer:
        lib.msc_append_response_body(transaction, answer, len(answer))
    lib.msc_process_response_body(transaction)
    lib.msc_process_logging(transaction)
    lib.msc_transaction_cleanup(transaction)
    found = {"ids": [], "scores": ""}
    for line in lines:
        rule = re.search(r'\[id "(\d+)"\]', line)
        scores = re.search(r"SCORES ([^\]\"]*)", line)
        if scores:
            found["scores"] = scores.group(1)
        elif rule:
            found["ids"].append(int(rule.group(1)))
    print(json.dumps(found), flush=False)
