import { UnsupportedError } from "deberta-webgpu"; // importing on the server is harmless
import Classifier from "./classifier";

export default function Page() {
  return <Classifier errorName={UnsupportedError.name} />;
}
