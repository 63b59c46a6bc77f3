// The engine's worker for hub.html: the same, in a file of its own, because its answer brings a policy that allows fetching
// models from other servers. Policies are told apart by the file's name, which begins with "hub".
import "./engine-thread.js";
