/** What `loadFinCore` may be told beside the key. */
export interface LoadOptions {
    /** Where customers reach FinCore. The default is the origin of this script: set it where a bundler packs the SDK with your code. */
    base_url?: string;
    /** The language of what the customer sees, such as "de" or "en-GB". The default is the browser's. */
    locale?: string;
    /** How long fields may take until they are ready, in milliseconds; then `loaderror` comes. The default is 10000. */
    load_timeout_ms?: number;
}
/** FinCore for one publishable key. */
export interface FinCore {
    /** Card fields for a charge to come. Nothing is fetched before they are mounted. */
    cardFields(options: CardFieldsOptions): CardFields;
    /** PayPal's button for a charge to come. Nothing is fetched before it is mounted. */
    payWithPayPal(options: PayWithPayPalOptions): PayWithPayPal;
    /** Sends the customer to the page that a charge in `requires_action` names; they come back to the charge's `return_url`. */
    handleNextAction(nextAction: NextAction | null): Promise<NextActionResult>;
}
/** An amount of a charge to come. It decides where tokens are made, and is charged by your back end only. */
export interface Amount {
    /** In the currency's minor unit, such as cents. */
    amount_minor: number;
    /** ISO 4217, such as "eur". */
    currency: string;
}
/** How card fields look and sound. */
export interface CardFieldsOptions extends Amount {
    /** The look: passed to the PSP's fields as it is. At Stripe it is the Appearance API's object. */
    appearance?: Appearance;
    /** The language of these fields; the default is that of `loadFinCore`. */
    locale?: string;
    /** What screen readers call the group of fields. The default is "Card". */
    title?: string;
}
/** A theme, and variables such as `colorPrimary`, `colorText`, `fontFamily` and `borderRadius`. */
export interface Appearance {
    theme?: "stripe" | "night" | "flat";
    variables?: Record<string, string>;
    rules?: Record<string, Record<string, string>>;
    labels?: "above" | "floating";
}
/** What a customer pays with, mounted in your page in a frame of the PSP. */
export interface Mountable<Options, Events> {
    /**
     * Shows it in an element, or in the first element that a selector finds. In the same place it does nothing; in another it moves
     * there, empty. Throws a TypeError where the element is missing, or after `destroy`.
     */
    mount(where: string | Element): void;
    /** Calls the handler at each such event, until the function that it returns is called. */
    on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): () => void;
    /**
     * Changes options. An amount that leads to another PSP account shows new, empty fields: `ready` comes again. Throws a
     * TypeError after `destroy`.
     */
    update(options: Partial<Options>): void;
    /** Puts the cursor in its first field. */
    focus(): void;
    /** Takes it out of the page. It can be mounted again, empty. */
    unmount(): void;
    /** Takes it out of the page for good. */
    destroy(): void;
}
/** Fields for a card. What is typed goes to the PSP only: neither your page nor FinCore sees it. */
export interface CardFields extends Mountable<CardFieldsOptions, CardFieldsEvents> {
    /** Empties the fields. */
    clear(): void;
    /**
     * Makes a token of the card: what your back end sends as `payment_method` of a charge. Waits for fields that are not ready yet.
     * While one call is under way, further calls get its result.
     */
    tokenize(options?: TokenizeOptions): Promise<Tokenized>;
}
/** The events of card fields, with what their handlers get. */
export interface CardFieldsEvents {
    /** The customer can type. */
    ready: Record<string, never>;
    /** What is typed has changed. */
    change: CardChange;
    focus: Record<string, never>;
    blur: Record<string, never>;
    /** The customer pressed Escape in a field. */
    escape: Record<string, never>;
    /** The fields did not load and are unmounted. `mount` tries again. */
    loaderror: {
        error: FinCoreError;
    };
}
/** What is typed, as far as it may be known. */
export interface CardChange {
    /** Whether all fields are filled in without a flaw. */
    complete: boolean;
    empty: boolean;
    /** Such as "visa"; null where it is not known yet, or the PSP does not tell. */
    brand: string | null;
    /** What the customer is shown at the fields; null where nothing is wrong. */
    error: FinCoreError | null;
}
export interface TokenizeOptions {
    billing?: Billing;
}
/** Who pays. Send only what you know. */
export interface Billing {
    name?: string;
    email?: string;
    phone?: string;
    address?: {
        line1?: string;
        line2?: string;
        city?: string;
        state?: string;
        postal_code?: string;
        /** Two letters, such as "DE". */
        country?: string;
    };
}
/** What PayPal's button is for, and how it looks. */
export interface PayWithPayPalOptions extends Amount {
    /**
     * Called when the customer presses the button: has your back end create the charge, with the `payment_method` that it gets as it
     * is, and returns the charge or its `next_action`. The customer approves the same charge again after they left PayPal, so that it
     * is called again only for a charge that cannot be approved any more, and after `update` with another amount or currency.
     */
    createCharge(wallet: {
        payment_method: {
            type: "paypal";
            account: string;
        };
    }): Promise<{
        next_action: NextAction | null;
    } | NextAction>;
    /** False where your back end creates the charge with `"capture": false`. */
    capture?: boolean;
    /** The language of the button, such as "de-DE"; the default is that of `loadFinCore`. Without a region PayPal decides. */
    locale?: string;
    style?: PayPalStyle;
    /** What screen readers call the frame of the button. The default is "PayPal". */
    title?: string;
}
/** The look of PayPal's button. */
export interface PayPalStyle {
    color?: "gold" | "blue" | "silver" | "white" | "black";
    shape?: "rect" | "pill";
    label?: "paypal" | "checkout" | "buynow" | "pay";
    /** In pixels, from 25 to 55. */
    height?: number;
}
/** PayPal's button. After an approval it leaves the page: another press would make another charge. */
export type PayWithPayPal = Mountable<PayWithPayPalOptions, PayWithPayPalEvents>;
/** The events of PayPal's button, with what their handlers get. */
export interface PayWithPayPalEvents {
    /** The customer can press it. */
    ready: Record<string, never>;
    /** What came of a press. */
    result: PayPalResult;
    /** The button did not load and is unmounted. `mount` tries again. */
    loaderror: {
        error: FinCoreError;
    };
}
/**
 * `approved`: the customer approved, and FinCore takes the payment; your back end learns by the charge and its webhooks what became of
 * it. `canceled`: they left PayPal, and can press the button again.
 */
export type PayPalResult = {
    status: "approved" | "canceled";
    error?: undefined;
} | {
    status?: undefined;
    error: FinCoreError;
};
/** A card's token, or why there is none. */
export type Tokenized = {
    /** Hand it to your back end, which sends it as `payment_method` of a charge as it is. */
    payment_method: {
        type: "card";
        token: string;
        account: string;
    };
    brand: string | null;
    last4: string | null;
    error?: undefined;
} | {
    payment_method?: undefined;
    brand?: undefined;
    last4?: undefined;
    error: FinCoreError;
};
/** A charge's `next_action`. */
export interface NextAction {
    redirect_url: string | null;
    /** Where `payWithPayPal` has it approved; null where the customer does not approve at a wallet. */
    approval_url?: string | null;
}
/** Empty where there was nothing to do, and where the customer came back with the back button. What became of the charge, your back end asks. */
export interface NextActionResult {
    error?: FinCoreError;
}
/** What went wrong: a value, never an exception. */
export interface FinCoreError {
    code: ErrorCode;
    /** For `card_*` a sentence for the customer in the language of the fields, else one for you in English. */
    message: string;
    /** The field that is wrong, for `card_*` where one is. */
    field?: CardField;
    /** Whether the same call may succeed later without a change. */
    retryable: boolean;
}
export type CardField = "number" | "expiry" | "cvc";
/** Every code there is. */
export type ErrorCode = "card_incomplete" | "card_invalid" | "card_declined" | "configuration_refused" | "configuration_unreachable" | "rate_limited" | "method_unavailable" | "script_failed" | "fields_failed" | "load_timeout" | "not_mounted" | "unmounted" | "psp_refused" | "psp_unreachable" | "charge_refused" | "payment_declined" | "next_action_unknown";
/** FinCore for a publishable key; null on a server. Rejects with a TypeError for what is no publishable key. Fetches nothing. */
export type LoadFinCore = (publishableKey: string, options?: LoadOptions) => Promise<FinCore | null>;

export declare const loadFinCore: LoadFinCore;
/** The version of this SDK. */
export declare const version: string;
export as namespace FinCore;
